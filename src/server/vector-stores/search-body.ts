import { z } from "zod";
import { attributesSchema, type SearchRequest, type SearchResult } from "../../surfaces/vector-stores/index.js";

const value = z.union([z.string(), z.number(), z.boolean()]);

const comparison = z.discriminatedUnion("type", [
  z.looseObject({ type: z.enum(["eq", "ne", "gt", "gte", "lt", "lte"]), key: z.string(), value }),
  z.looseObject({ type: z.enum(["in", "nin"]), key: z.string(), value: z.array(value) }),
]);

/** A comparison, or several joined by `and` or `or`, which can be nested as deep as any body. */
type Filter = z.infer<typeof comparison> | { readonly type: "and" | "or"; readonly filters: Filter[] };

const filter: z.ZodType<Filter> = z.lazy(() =>
  z.union([comparison, z.looseObject({ type: z.enum(["and", "or"]), filters: z.array(filter) })]),
);

/** Checked by the schema above, but described without it: a reference of a schema to itself has no place in OpenAPI's. */
const filters = z
  .looseObject({ type: z.string() })
  .refine((given) => filter.safeParse(given).success, {
    error: "must be {type, key, value} with eq, ne, gt, gte, lt, lte, in or nin, or {type, filters} with and or or",
  })
  .describe("A comparison {type, key, value}, or {type, filters} with `and` or `or`.");

export const searchBody = z.looseObject({
  query: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  filters: filters.nullish(),
  max_num_results: z.int().min(1).max(50).nullish(),
  ranking_options: z
    .looseObject({ ranker: z.string().optional(), score_threshold: z.number().min(0).max(1).optional() })
    .nullish(),
  rewrite_query: z.boolean().nullish(),
});

export const searchPageSchema = z.object({
  object: z.literal("vector_store.search_results.page"),
  search_query: z.array(z.string()),
  data: z.array(
    z.looseObject({
      file_id: z.string(),
      filename: z.string(),
      score: z.number(),
      attributes: attributesSchema.nullable(),
      content: z.array(z.looseObject({ type: z.literal("text"), text: z.string() })),
    }),
  ),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});

/** What OpenAI takes when a request does not say. */
const standardResults = 10;

export function searchRequest(body: z.infer<typeof searchBody>): SearchRequest {
  const { query, filters, max_num_results, ranking_options, rewrite_query } = body;
  return {
    queries: [query].flat(),
    maxResults: max_num_results ?? standardResults,
    ...(filters ? { filters } : {}),
    ...(ranking_options ? { rankingOptions: ranking_options } : {}),
    rewriteQuery: rewrite_query ?? false,
  };
}

export function searchPage(
  { queries }: SearchRequest,
  results: readonly SearchResult[],
): z.infer<typeof searchPageSchema> {
  return {
    object: "vector_store.search_results.page",
    search_query: [...queries],
    data: results.map((result) => ({ ...result, content: [...result.content] })),
    has_more: false,
    next_page: null,
  };
}
