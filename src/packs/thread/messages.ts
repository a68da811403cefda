import type { MergePlan, PackPlan } from "../pack-maker.js";
import type { PackName } from "../pack-name.js";
import type { DocumentBatch } from "./document-batch.js";
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
  | { readonly kind: "documents"; readonly job: number; readonly batch: DocumentBatch }
  | { readonly kind: "stop"; readonly job: number };

/** What the thread tells. */
export type FromThread =
  /** It goes on, and has read so many batches of documents since it last said so; it does not look at them again. */
  | { readonly kind: "progress"; readonly job: number; readonly read: number }
  | { readonly kind: "done"; readonly job: number }
  | { readonly kind: "failed"; readonly job: number; readonly error: SentError };
