import { defineCollection } from "holdfast";
import { z } from "zod";

export interface Entry {
  readonly text: string;
  /** The epoch of the writer. */
  readonly epoch: number;
}

/** What the writer program writes. */
export const entries = defineCollection<Entry>({
  name: "entries",
  schema: z.looseObject({ text: z.string(), epoch: z.int() }),
});
