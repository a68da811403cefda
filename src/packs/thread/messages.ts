import type { PackDocument } from "../pack-document.js";
import type { MergePlan, PackPlan } from "../pack-maker.js";
import type { PackName } from "../pack-name.js";
import type { SentError } from "./sent-error.js";

/** A pack that the thread is to make. Each has a number, since more than one may be under way. */
export type Order =
  | { readonly kind: "write"; readonly job: number; readonly plan: PackPlan }
  | {
      readonly kind: "merge";
      readonly job: number;
      readonly plan: PackPlan;
      readonly packs: readonly Pick<PackName, "lo" | "hi">[];
      readonly how: Omit<MergePlan, "salvage">;
    };

/** What the thread is told. */
export type ToThread =
  | Order
  /** Documents of a pack that is being written; fewer than a whole batch are the last. */
  | { readonly kind: "documents"; readonly job: number; readonly documents: readonly PackDocument[] }
  | { readonly kind: "stop"; readonly job: number };

/** What the thread tells. */
export type FromThread =
  /** It goes on; `wanted` more batches of documents have room. */
  | { readonly kind: "progress"; readonly job: number; readonly wanted: number }
  | { readonly kind: "done"; readonly job: number }
  | { readonly kind: "failed"; readonly job: number; readonly error: SentError };

/** How many documents are handed over at once: a fraction of a millisecond for each side. */
export const batchDocuments = 128;
/** How many batches may be on their way, so that the thread has work while the other side is busy, and memory a bound. */
export const batchesUnderWay = 8;
