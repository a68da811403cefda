/**
 * The part of each peer that the benchmark uses. Declared here, so that the benchmark compiles and is linted on a clone
 * where the peers are not installed, as on every one that only runs the tests.
 */

declare module "better-sqlite3" {
  export interface Statement {
    run(...values: readonly (string | number)[]): unknown;
    get(...values: readonly (string | number)[]): unknown;
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
  /** Resolves when the write is visible; `flushed`, which is there with `separateFlushed`, when it is on disk. */
  export interface Write extends Promise<boolean> {
    readonly flushed: Promise<unknown>;
  }

  export interface Database {
    put(key: string, value: unknown): Write;
    getCount(): number;
    getKeysCount(): number;
  }

  export interface RootDatabase extends Database {
    openDB(options: { name: string; dupSort?: boolean; encoding?: "json" | "msgpack" | "ordered-binary" }): Database;
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

  export class ClassicLevel {
    constructor(path: string);
    open(): Promise<void>;
    batch(operations: readonly Put[], options: { sync: boolean }): Promise<void>;
    keys(range: { gte: string; lt: string }): AsyncIterable<string>;
    close(): Promise<void>;
  }
}
