import { InvalidArgumentError } from "commander";

/** Reads the value of an option that takes a whole number, not negative. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("It must be a whole number.");
  return value;
}

/** Reads the value of an option in seconds, fractions allowed, as milliseconds. */
export function secondsAsMs(text: string): number {
  const value = Math.round(Number(text) * 1000);
  // The longest a Node timer can wait; a longer one would fire at once.
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || value > 2_147_483_647) {
    throw new InvalidArgumentError("It must be a number of seconds, from 0 to 2147483.");
  }
  return value;
}
