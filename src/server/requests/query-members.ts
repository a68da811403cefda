import { z } from "zod";

/**
 * The members a query can have. Each takes the text that a URL has and gives a value; the same schemas check requests
 * and describe them in `/openapi.json`. Texts are exact: `1e1` and ` 5` are no numbers, `yes` is no boolean.
 */

/** A whole number within bounds, both included. */
export function wholeNumber(least: number, most: number): z.ZodType<number> {
  const message = `must be a whole number from ${least} to ${most}`;
  return z.preprocess(
    (text) => (typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN),
    z.int({ error: message }).min(least, { error: message }).max(most, { error: message }),
  );
}

export function trueOrFalse(): z.ZodType<boolean> {
  return z.preprocess(
    (text) => (text === "true" ? true : text === "false" ? false : text),
    z.boolean({ error: "must be one of true, false" }),
  );
}

export function choice<const Choices extends readonly [string, ...string[]]>(
  choices: Choices,
): z.ZodEnum<{
  [Choice in Choices[number]]: Choice;
}> {
  return z.enum(choices, { error: `must be one of ${choices.join(", ")}` });
}

export function text(): z.ZodString {
  return z.string().min(1, { error: "must not be empty" });
}

/** Given as often as wanted: `include[]=x&include[]=y` as the official client sends it, and `include=x`. */
export function texts(): z.ZodArray<z.ZodString> {
  return z.array(z.string());
}
