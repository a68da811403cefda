import OpenAI from "openai";

/** Runs a reading. @returns `undefined` if the router says that there is no such thing. */
export async function orAbsent<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OpenAI.NotFoundError) return undefined;
    throw error;
  }
}
