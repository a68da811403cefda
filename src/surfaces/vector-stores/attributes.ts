import { z } from "zod";

/** The limits OpenAI sets for the `attributes` of a file in a vector store. */
export const attributeLimits = { pairs: 16, keyCharacters: 64, valueCharacters: 512 } as const;

export const attributesSchema = z
  .record(
    z.string().max(attributeLimits.keyCharacters, `keys have at most ${attributeLimits.keyCharacters} characters`),
    z.union(
      [
        z
          .string()
          .max(attributeLimits.valueCharacters, `values have at most ${attributeLimits.valueCharacters} characters`),
        z.number(),
        z.boolean(),
      ],
      `values are strings of at most ${attributeLimits.valueCharacters} characters, numbers or booleans`,
    ),
  )
  .refine(
    (attributes) => Object.keys(attributes).length <= attributeLimits.pairs,
    `holds at most ${attributeLimits.pairs} pairs`,
  );

export type Attributes = z.infer<typeof attributesSchema>;
