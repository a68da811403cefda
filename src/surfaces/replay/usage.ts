import { z } from "zod";

/** Beyond this a sum over a full store would leave the whole numbers that JSON can say exactly. */
const mostTokens = 1_000_000_000_000;
/** Amounts are summed in units of 1e-12, and read back as doubles: see `amounts.ts`. */
const largestAmount = 1_000_000_000_000;

const tokensSchema = z.int().min(-mostTokens).max(mostTokens).nullish();
const amountSchema = z.number().min(-largestAmount).max(largestAmount).nullish();

/** What an answer used and cost. A number may be null, which is not zero: nobody knows it. */
export const usageMembers = {
  prompt_tokens: tokensSchema,
  cached_prompt_tokens: tokensSchema,
  cache_write_tokens: tokensSchema,
  completion_tokens: tokensSchema,
  total_tokens: tokensSchema,
  actual_cost: amountSchema,
  baseline_cost: amountSchema,
  cost_savings: amountSchema,
  currency: z.string().nullish(),
  baseline_model: z.string().nullish(),
};

export const usageSchema = z.looseObject(usageMembers);
export type ReplayUsage = z.infer<typeof usageSchema>;
