const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const mebibyte = 1024 * 1024;

/** What is shown for a figure that is not there. */
const none = "-";

/** A Markdown table; the first column is text, the others are numbers. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = heading.map((_, column) => (column === 0 ? "---" : "--:"));
  return [heading, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function whole(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? none : wholeNumber.format(value);
}

export function ratio(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? none : value.toFixed(2);
}

/** Milliseconds, with as many digits as say something. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return none;
  return value < 10 ? value.toFixed(2) : wholeNumber.format(value);
}

/** @param value in milliseconds */
export function microseconds(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return none;
  const shown = value * 1000;
  return shown < 10 ? shown.toFixed(2) : shown < 100 ? shown.toFixed(1) : wholeNumber.format(shown);
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined || Number.isNaN(bytes) ? none : wholeNumber.format(bytes / mebibyte);
}

/** 1,024 as "1 KB", other sizes in bytes. */
export function documentSize(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} KB` : `${wholeNumber.format(bytes)} byte`;
}

/** What was measured against what was asked for: met or missed, and by how much. */
export function verdict(measured: number, target: number, kind: "at least" | "at most"): string {
  if (!Number.isFinite(measured)) return "not measured";
  if (target === 0) return measured === 0 ? "met" : `**missed** by ${whole(measured)}`;
  const distance = Math.abs(measured / target - 1) * 100;
  const met = kind === "at least" ? measured >= target : measured <= target;
  const by = distance < 0.5 ? "just" : `by ${wholeNumber.format(distance)}%`;
  return met ? `met, ${by}` : `**missed**, ${by}`;
}
