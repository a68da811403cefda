import { z } from "zod";

/** One kind of thing that a surface put in order when the directory was opened, after its last owner had died. */
export const reconciliationSchema = z.looseObject({
  /** Whose: `replay`, `vector_stores`, `files`, … */
  surface: z.string(),
  /** What was done, in the past tense: `aborted`, `failed`, `finished`, `rolled_back`, `quarantined`, `missing_bytes`, … */
  action: z.string(),
  /** Why, as a code that also stands in what was changed, such as `recovered_after_restart`. */
  reason: z.string(),
  /** How many. */
  count: z.int().min(1),
  /** Which: the first hundred. */
  ids: z.array(z.string()).max(100),
  /** Whether acknowledged data is missing. Default: it is not. */
  loss: z.boolean().optional(),
  /** What an operator should know beyond it, for people. */
  detail: z.string().optional(),
});

export type Reconciliation = z.infer<typeof reconciliationSchema>;

/** What a surface does about what a dead owner left, and from time to time. */
export interface Reconciled {
  /**
   * Puts in order what the previous owner left undone. It runs before the directory is handed out, and again after a
   * crash within it, so it must be idempotent, and must tell what it did.
   */
  reconcile(): Promise<Reconciliation[]>;
}

/** Work that a surface does from time to time: expiry, retention, interrupted deletions. */
export interface Maintained {
  maintain(options: { readonly signal: AbortSignal }): Promise<void>;
}
