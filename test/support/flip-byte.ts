import { readFile, writeFile } from "node:fs/promises";

/** Changes one byte of a file as a failing disk would: bits turn over, the length stays. */
export async function flipByte(path: string, offset: number, mask = 0x01): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ mask, offset);
  await writeFile(path, bytes);
}

/** Changes the byte in the middle of a text the file holds. */
export async function flipByteWithin(path: string, text: string, mask = 0x01): Promise<void> {
  const at = (await readFile(path)).indexOf(text);
  if (at < 0) throw new Error(`${path} does not hold ${JSON.stringify(text)}`);
  await flipByte(path, at + Math.floor(text.length / 2), mask);
}
