import type { z } from "zod";
import { HoldfastError, type Problem } from "../errors.js";

/** A value an index can hold. A document whose value is absent, null or an object is not in that index. */
export type IndexValue = string | number | boolean;

/**
 * An equality index over one member of the body. It is declared by path, not by function, so that it can be stored,
 * compared and rebuilt by a program that does not have the function.
 */
export interface IndexDefinition {
  /** The member, dotted: `"conversation.id"`. */
  readonly path: string;
}

/** Turns a body of schema version n into one of version n + 1. Must not look at anything but its argument. */
export type Migration = (body: unknown) => unknown;

/**
 * An order over one member of the body, with ties by id; a document without the member comes first. Numbers stand before
 * strings, and strings are compared by UTF-16 code unit, so a time has to be stored in a form that sorts.
 */
export interface OrderDefinition {
  /** The member, dotted: `"order_key"`. */
  readonly path: string;
}

export interface Retention {
  /** Lifetime of a document from its last write, in milliseconds. Default: it does not expire. */
  readonly timeToLiveMs?: number;
  /** The most documents kept; beyond it the oldest by creation go first. Default: no limit. */
  readonly maximumCount?: number;
}

export interface CollectionDefinition<Body> {
  /** `[a-z][a-z0-9_]*`, at most 64 characters; it is also the folder's name and the documents' kind. */
  readonly name: string;
  /** Checked on each write. The body is stored as given, not as parsed: use `z.looseObject` to keep unknown members. */
  readonly schema: z.ZodType<Body>;
  /** The schema's version, from 1. */
  readonly version: number;
  /** `migrations[n]` turns version n into n + 1. Applied when read, written back at the next change. */
  readonly migrations: Readonly<Record<number, Migration>>;
  readonly indexes: Readonly<Record<string, IndexDefinition>>;
  /** The order of listings. Absent: by creation, ties within one transaction in the order it wrote them. */
  readonly order?: OrderDefinition;
  readonly retention: Retention;
  /**
   * `journaled`: a write is acknowledged once its journal record is on disk. It is the only kind there is: a value that
   * may be lost belongs in a cache, not here.
   */
  readonly durability: "journaled";
}

export interface CollectionOptions<Body> {
  readonly name: string;
  readonly schema: z.ZodType<Body>;
  /** Default 1. */
  readonly version?: number;
  readonly migrations?: Readonly<Record<number, Migration>>;
  readonly indexes?: Readonly<Record<string, IndexDefinition>>;
  readonly order?: OrderDefinition;
  readonly retention?: Retention;
  readonly durability?: "journaled";
}

const namePattern = /^[a-z][a-z0-9_]{0,63}$/;
const pathPattern = /^[^.\s]+(\.[^.\s]+)*$/;

/**
 * Declares a kind of document.
 *
 * @throws HoldfastError `INVALID_CONFIG` with every problem listed: a name that can not be a folder, a version below 1,
 * a migration missing from the chain, an index without a path, a limit that is not positive.
 */
export function defineCollection<Body>(options: CollectionOptions<Body>): CollectionDefinition<Body> {
  const definition: CollectionDefinition<Body> = {
    name: options.name,
    schema: options.schema,
    version: options.version ?? 1,
    migrations: options.migrations ?? {},
    indexes: options.indexes ?? {},
    ...(options.order === undefined ? {} : { order: options.order }),
    retention: options.retention ?? {},
    durability: options.durability ?? "journaled",
  };
  const problems = [...problemsOf(definition)];
  if (problems.length > 0) {
    throw HoldfastError.ofProblems(
      "INVALID_CONFIG",
      `The collection ${JSON.stringify(options.name)} is not valid.`,
      problems,
    );
  }
  return Object.freeze(definition);
}

function* problemsOf(definition: CollectionDefinition<unknown>): Generator<Problem> {
  if (!namePattern.test(definition.name)) {
    yield { path: "/name", message: "must be 1 to 64 of a-z, 0-9 and _, and begin with a letter" };
  }
  if (!Number.isSafeInteger(definition.version) || definition.version < 1) {
    yield { path: "/version", message: "must be a whole number from 1" };
  } else {
    for (let version = 1; version < definition.version; version += 1) {
      if (typeof definition.migrations[version] !== "function") {
        yield { path: `/migrations/${version}`, message: `missing: how version ${version} becomes ${version + 1}` };
      }
    }
  }
  for (const [name, index] of Object.entries(definition.indexes)) {
    if (!namePattern.test(name)) yield { path: `/indexes/${name}`, message: "must be named with a-z, 0-9 and _" };
    if (!pathPattern.test(index.path))
      yield { path: `/indexes/${name}/path`, message: "must be a dotted path of member names" };
  }
  if (definition.order !== undefined && !pathPattern.test(definition.order.path))
    yield { path: "/order/path", message: "must be a dotted path of member names" };
  for (const [limit, value] of Object.entries(definition.retention) as [string, number | undefined][]) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      yield { path: `/retention/${limit}`, message: "must be a positive number" };
    }
  }
}
