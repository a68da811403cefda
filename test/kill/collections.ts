import { defineCollection } from "holdfast";
import { z } from "zod";

export interface Entry {
  /** The operation that wrote this version. */
  readonly operation: string;
  readonly text: string;
  /** In the counter only: how often it was counted up. */
  readonly count?: number | undefined;
}

const schema: z.ZodType<Entry> = z.looseObject({
  operation: z.string(),
  text: z.string(),
  count: z.number().optional(),
});

/** Written by one worker a document, one change after the other. */
export const singles = defineCollection<Entry>({ name: "singles", schema });
/** One document that several workers change at the same time. */
export const counter = defineCollection<Entry>({ name: "counter", schema });
/** Written together, by transactions. */
export const left = defineCollection<Entry>({ name: "left", schema });
export const right = defineCollection<Entry>({ name: "right", schema });
/** Gone a moment after they were written. */
export const passing = defineCollection<Entry>({ name: "passing", schema });

export const ownCollections = [singles, counter, left, right, passing];
export const ownNames: ReadonlySet<string> = new Set(ownCollections.map(({ name }) => name));
