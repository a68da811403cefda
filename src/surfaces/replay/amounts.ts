/**
 * Amounts are summed as whole numbers of 1e-12. Doubles would not do: adding a cost and taking it back leaves a trace,
 * and the order of a sum shows in its result, so counters kept by adding and subtracting would drift from the records.
 */
const digits = 12;
const unit = 10n ** BigInt(digits);

/** @param amount finite, and below 1e21. */
export function amountOf(amount: number): bigint {
  return BigInt(amount.toFixed(digits).replace(".", ""));
}

/** As a decimal that a person can read: `"1.250000000000"`. */
export function formatAmount(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  return `${amount < 0n ? "-" : ""}${size / unit}.${(size % unit).toString().padStart(digits, "0")}`;
}

/** @param text as {@link formatAmount} writes it. */
export function parseAmount(text: string): bigint {
  return BigInt(text.replace(".", ""));
}

export function amountAsNumber(amount: bigint): number {
  return Number(formatAmount(amount));
}
