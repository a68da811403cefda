import { z } from "zod";
import { isHoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { parsedOnce } from "../files/parsed-once.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { sealJson, unsealJson } from "../files/sealed-json.js";
import { claimSchema, type Claim } from "./claim.js";

/** `writer.json`: the claim of the holder, for people; and, once it left in good order, when. */
const writerFileSchema = claimSchema.extend({ releasedAt: z.string().optional() });
export type WriterFile = z.infer<typeof writerFileSchema>;

export async function writeWriterFile(
  fileSystem: FileSystem,
  path: string,
  claim: Claim,
  releasedAt?: string,
): Promise<void> {
  await replaceFileDurably(fileSystem, path, sealJson(releasedAt === undefined ? claim : { ...claim, releasedAt }));
}

/**
 * @returns `undefined` if there is none, or none that can be read: it says nothing that the claim does not say, but that
 * the holder has left; without it, the holder is asked for.
 */
export async function readWriterFile(fileSystem: FileSystem, path: string): Promise<WriterFile | undefined> {
  try {
    const parsed = writerFileSchema.safeParse(unsealJson(await fileSystem.readFile(path), path), parsedOnce);
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (isAbsent(error) || isHoldfastError(error, "CORRUPT")) return undefined;
    throw error;
  }
}
