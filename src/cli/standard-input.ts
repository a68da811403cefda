import { HoldfastError } from "../errors.js";

/**
 * Reads standard input to its end.
 *
 * @param limitBytes beyond which it is refused rather than gathered in memory.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE`, or `INVALID_DOCUMENT` if it is not UTF-8.
 */
export async function readStandardInput(limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      throw new HoldfastError(
        "DOCUMENT_TOO_LARGE",
        `Standard input holds more than the ${limitBytes} bytes a document may have.`,
        {
          details: { limitBytes },
        },
      );
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new HoldfastError("INVALID_DOCUMENT", "Standard input is not UTF-8.", { cause });
  }
}
