/**
 * The part of each peer that the benchmark uses. Declared here, so that the benchmark compiles and is linted on a clone
 * where the peers are not installed, as on every one that only runs the tests.
 */

declare module "better-sqlite3" {
  export interface Statement {
    run(...values: readonly (string | number)[]): unknown;
    get(...values: readonly (string | number)[]): unknown;
    all(...values: readonly (string | number)[]): unknown[];
  }

  export default class Database {
    constructor(path: string);
    pragma(statement: string, options?: { simple?: boolean }): unknown;
    exec(sql: string): this;
    prepare(sql: string): Statement;
    transaction<Arguments extends readonly unknown[]>(
      work: (...values: Arguments) => void,
    ): (...values: Arguments) => void;
    close(): this;
  }
}

declare module "lmdb" {
  export type Encoding = "json" | "msgpack" | "ordered-binary";

  /** Resolves when the write is visible; `flushed`, which is there with `separateFlushed`, when it is on disk. */
  export interface Write extends Promise<boolean> {
    readonly flushed: Promise<unknown>;
  }

  export interface RangeOptions {
    reverse?: boolean;
    limit?: number;
  }

  export interface Database<Value> {
    get(key: string): Value | undefined;
    put(key: string | number, value: Value): Write;
    putSync(key: string | number, value: Value): void;
    getKeys(options: RangeOptions): Iterable<string | number>;
    getRange(options: RangeOptions): Iterable<{ key: string | number; value: Value }>;
    getValues(key: string, options: RangeOptions): Iterable<Value>;
    getCount(): number;
  }

  export interface RootDatabase extends Database<unknown> {
    readonly flushed: Promise<unknown>;
    openDB<Value>(options: { name: string; dupSort?: boolean; encoding?: Encoding }): Database<Value>;
    transactionSync(work: () => void): void;
    close(): Promise<void>;
  }

  export function open(options: { path: string; separateFlushed?: boolean; noSync?: boolean }): RootDatabase;
}

declare module "classic-level" {
  export interface Put {
    readonly type: "put";
    readonly key: string;
    readonly value: string;
  }

  export interface Range {
    gte: string;
    lt: string;
    reverse?: boolean;
    limit?: number;
  }

  export interface Results extends AsyncIterable<string> {
    all(): Promise<string[]>;
  }

  export class ClassicLevel {
    constructor(path: string);
    open(): Promise<void>;
    get(key: string): Promise<string | undefined>;
    getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
    batch(operations: readonly Put[], options: { sync: boolean }): Promise<void>;
    keys(range: Range): Results;
    values(range: Range): Results;
    compactRange(start: string, end: string): Promise<void>;
    close(): Promise<void>;
  }
}

declare module "@redis/client" {
  export interface Client {
    on(event: "error", listener: (error: Error) => void): this;
    connect(): Promise<unknown>;
    ping(): Promise<string>;
    set(key: string, value: string): Promise<unknown>;
    get(key: string): Promise<string | null>;
    publish(channel: string, message: string): Promise<number>;
    subscribe(channel: string, listener: (message: string) => void): Promise<void>;
    configSet(name: string, value: string): Promise<unknown>;
    info(section: string): Promise<string>;
    dbSize(): Promise<number>;
    sendCommand(words: readonly string[]): Promise<unknown>;
    close(): Promise<void>;
    destroy(): void;
  }

  export function createClient(options: { socket: { path: string; reconnectStrategy: false } }): Client;
}

declare module "pg" {
  export interface Query {
    name?: string;
    text: string;
    values?: readonly unknown[];
  }

  export class Pool {
    constructor(options: { host: string; user: string; database: string; max: number });
    on(event: "error", listener: (error: Error) => void): this;
    query(query: Query): Promise<{ rows: Record<string, unknown>[] }>;
    end(): Promise<void>;
  }
}

declare module "write-file-atomic" {
  export default function writeFileAtomic(path: string, data: string, options: { fsync: boolean }): Promise<void>;
}

declare module "proper-lockfile" {
  const lockfile: {
    lock(
      path: string,
      options: {
        stale: number;
        retries: { retries: number; factor: number; minTimeout: number; maxTimeout: number };
      },
    ): Promise<() => Promise<void>>;
  };
  export default lockfile;
}

declare module "lowdb/node" {
  export interface Database<Content> {
    data: Content;
    write(): Promise<void>;
  }

  export function JSONFilePreset<Content>(path: string, content: Content): Promise<Database<Content>>;
}
