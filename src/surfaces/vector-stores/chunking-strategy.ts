import { z } from "zod";

/** The limits OpenAI sets for chunks, in tokens, and what it takes for `auto`. */
export const chunkingLimits = { least: 100, most: 4096, standardSize: 800, standardOverlap: 400 } as const;

const staticChunkingSchema = z.looseObject({
  type: z.literal("static"),
  static: z
    .looseObject({
      max_chunk_size_tokens: z.int().min(chunkingLimits.least).max(chunkingLimits.most),
      chunk_overlap_tokens: z.int().min(0),
    })
    .refine(
      ({ max_chunk_size_tokens, chunk_overlap_tokens }) => chunk_overlap_tokens * 2 <= max_chunk_size_tokens,
      "chunk_overlap_tokens must be at most half of max_chunk_size_tokens",
    ),
});

/** How a file is to be cut, as a request says it. */
export const chunkingStrategySchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("auto") }),
  staticChunkingSchema,
]);
export type ChunkingStrategy = z.infer<typeof chunkingStrategySchema>;

/** How a file is cut, as it is stored and shown: what was not chosen is filled in, so that a later default changes nothing. */
export const storedChunkingSchema = z.discriminatedUnion("type", [
  staticChunkingSchema,
  // For files of an import, of which it is not known any more.
  z.looseObject({ type: z.literal("other") }),
]);
export type StoredChunking = z.infer<typeof storedChunkingSchema>;

export function resolvedChunking(given: ChunkingStrategy | undefined): StoredChunking {
  if (given?.type === "static") return given;
  return {
    type: "static",
    static: {
      max_chunk_size_tokens: chunkingLimits.standardSize,
      chunk_overlap_tokens: chunkingLimits.standardOverlap,
    },
  };
}
