import { z } from "zod";
import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { parsedOnce } from "../files/parsed-once.js";
import { isSealed, unsealJson } from "../files/sealed-json.js";

/** The format of the directory as a whole. */
export const directoryFormat = 1;

export const manifestSchema = z.looseObject({
  format: z.int(),
  storeId: z.string(),
  createdAt: z.string(),
  createdBy: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The content of a sealed file of ours: absent, readable, or damaged. */
export type SealedContent<Content> =
  | { readonly state: "absent" }
  | { readonly state: "present"; readonly content: Content }
  | { readonly state: "damaged"; readonly error: HoldfastError };

/**
 * Reads a small file of ours.
 *
 * @throws HoldfastError `UNSUPPORTED_FORMAT` if it says that a newer version wrote it. The number is believed even when
 * the checksum does not hold: a newer version may seal its files in another way, and what it wrote must be left alone.
 * Unless the checksum would hold with our own number in its place: then it is the number that is damaged.
 */
export async function readSealed<Content>(
  fileSystem: FileSystem,
  path: string,
  schema: z.ZodType<Content>,
): Promise<SealedContent<Content>> {
  let bytes: Buffer;
  try {
    bytes = await fileSystem.readFile(path);
  } catch (error) {
    if (isAbsent(error)) return { state: "absent" };
    throw error;
  }
  refuseNewerFormat(bytes, path);
  try {
    const parsed = schema.safeParse(unsealJson(bytes, path), parsedOnce);
    if (parsed.success) return { state: "present", content: parsed.data };
    return {
      state: "damaged",
      error: new HoldfastError("CORRUPT", `${path} lacks members it must have.`, { cause: parsed.error }),
    };
  } catch (error) {
    if (error instanceof HoldfastError) return { state: "damaged", error };
    throw error;
  }
}

function refuseNewerFormat(bytes: Buffer, path: string): void {
  let format: unknown;
  try {
    format = (JSON.parse(bytes.toString("utf8")) as { format?: unknown } | null)?.format;
  } catch (error) {
    // Not JSON: the checksum will say so.
    if (error instanceof SyntaxError) return;
    throw error;
  }
  if (typeof format === "number" && format > directoryFormat && !isOursWithAnotherNumber(bytes, format)) {
    throw new HoldfastError(
      "UNSUPPORTED_FORMAT",
      `${path} has format ${format}; this version knows format ${directoryFormat}. Nothing was changed: open the directory with the version that wrote it.`,
      { details: { path, format, known: directoryFormat } },
    );
  }
}

function isOursWithAnotherNumber(bytes: Buffer, format: number): boolean {
  const ours = Buffer.from(bytes.toString("utf8").replace(`"format":${format}`, `"format":${directoryFormat}`));
  return isSealed(ours) && !isSealed(bytes);
}
