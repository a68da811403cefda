import { HoldfastError } from "../../errors.js";

/** The wire's limits of a page. */
export const pageLimits = { least: 1, most: 100, standard: 20 } as const;

export interface PageOptions {
  readonly limit?: number;
  readonly after?: string;
  readonly before?: string;
}

/** @throws HoldfastError `INVALID_CONFIG` for a limit out of range, or for both cursors at once. */
export function assertPageOptions({ limit = pageLimits.standard, after, before }: PageOptions): void {
  if (!Number.isInteger(limit) || limit < pageLimits.least || limit > pageLimits.most) {
    throw new HoldfastError(
      "INVALID_CONFIG",
      `limit must be a whole number from ${pageLimits.least} to ${pageLimits.most}, not ${limit}.`,
    );
  }
  if (after !== undefined && before !== undefined) {
    throw new HoldfastError("INVALID_CONFIG", "Only one of after and before can be given.");
  }
}
