import { z } from "zod";

/** The limits OpenAI sets for `metadata` on every object that has one. */
export const metadataLimits = { pairs: 16, keyCharacters: 64, valueCharacters: 512 } as const;

export const metadataSchema = z
  .record(
    z.string().max(metadataLimits.keyCharacters, `keys have at most ${metadataLimits.keyCharacters} characters`),
    z.string().max(metadataLimits.valueCharacters, `values have at most ${metadataLimits.valueCharacters} characters`),
  )
  .refine(
    (metadata) => Object.keys(metadata).length <= metadataLimits.pairs,
    `holds at most ${metadataLimits.pairs} pairs`,
  );

export type Metadata = z.infer<typeof metadataSchema>;
