import { createHash } from "node:crypto";
import type OpenAI from "openai";
import { toFile } from "openai";
import { listFiles, readContent, readFile } from "../../drill/readings/read-files.js";
import { request } from "../../drill/service.js";
import type { Kind } from "./kind.js";

interface FileState {
  readonly filename: string;
  readonly bytes: number;
  readonly sha256: string;
}

const largestPower = 17;

/** Files with content, by the official client. What a file is can not be changed: it is read instead, byte for byte. */
export const files: Kind<FileState> = {
  name: "file",
  most: 20,
  first(key, random) {
    const bytes = contentOf(key, Math.floor(2 ** random.between(0, largestPower)));
    return { filename: `${key}.bin`, bytes: bytes.length, sha256: digestOf(bytes) };
  },
  next: (state) => state,
  async create(client, key, { bytes }) {
    return uploadFile(client, `${key}.bin`, contentOf(key, bytes));
  },
  async change(client, id) {
    await readContent(client, id);
  },
  async remove(client, id) {
    await request(() => client.files.delete(id));
  },
  async read(client, id) {
    const record = await readFile(client, id);
    const bytes = await readContent(client, id);
    if (record === undefined || bytes === undefined) return undefined;
    return { filename: record.filename, bytes: record.bytes, sha256: digestOf(bytes) };
  },
  async find(client, key) {
    return (await listFiles(client)).find(({ filename }) => filename === `${key}.bin`)?.id;
  },
};

/** @returns the id of the new file. */
export async function uploadFile(client: OpenAI, filename: string, bytes: Buffer): Promise<string> {
  const { id } = await request(async () =>
    client.files.create({ file: await toFile(bytes, filename), purpose: "assistants" }),
  );
  return id;
}

/** Bytes that belong to the name, so that they need not be kept to be compared. */
export function contentOf(key: string, length: number): Buffer {
  const block = createHash("sha512").update(key).digest();
  return Buffer.alloc(length, block);
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
