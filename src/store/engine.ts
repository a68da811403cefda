import type { BodyLimits } from "../collections/check-body.js";
import type { CollectionDefinition } from "../collections/index.js";
import type { Bodies } from "./bodies.js";
import type { ChangeLog } from "./change-log.js";
import type { Committer } from "./committer.js";
import type { ConditionKeeper } from "./condition.js";
import type { ExpiryClock } from "./expiry-clock.js";
import type { CollectionState } from "./collection-state.js";
import type { Version } from "./version.js";

/** What collections and transactions work with. */
export interface Engine {
  readonly condition: ConditionKeeper;
  readonly bodies: Bodies;
  readonly changes: ChangeLog;
  readonly expiry: ExpiryClock;
  readonly limits: BodyLimits & { readonly transactionBytes: number };
  /** `undefined` in a reader. */
  readonly committer: Committer | undefined;
  /** Resolves when writers need not be slowed down. */
  readonly admission: () => Promise<void> | undefined;
  /**
   * Called when a document's file no longer holds the version that memory says it holds. Returns when it is worth
   * looking again. @throws HoldfastError `CORRUPT` if nothing newer explains it.
   */
  readonly replaced: (state: CollectionState, version: Version) => Promise<void>;
  /** The state of the definition's collection. @throws HoldfastError `INVALID_CONFIG` if its name is in use with another definition. */
  attach(definition: CollectionDefinition<unknown>): CollectionState;
}

/** The version if it is a document that can be read now: neither deleted nor expired. */
export function living(engine: Engine, version: Version | undefined): Version | undefined {
  if (version === undefined || version.deleted) return undefined;
  // What never expires is not held against the clock: asking two clocks costs as much as finding the document.
  if (version.expiresAtMs === Number.POSITIVE_INFINITY) return version;
  return version.expiresAtMs <= engine.expiry.now() ? undefined : version;
}
