import OpenAI from "openai";

/**
 * Everything that a list of the official client has, all its pages. Others delete meanwhile: when what a page ended with
 * is gone, there is nothing to continue behind, and the list is begun anew.
 */
export async function allOf<Value>(begin: () => AsyncIterable<Value>): Promise<Value[]> {
  for (;;) {
    try {
      const values: Value[] = [];
      for await (const value of begin()) values.push(value);
      return values;
    } catch (error) {
      if (!(error instanceof OpenAI.BadRequestError) || error.code !== "invalid_cursor") throw error;
    }
  }
}
