import { join } from "node:path";
import { z } from "zod";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { createFileDurably } from "../files/replace-file.js";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { parsedOnce } from "../files/parsed-once.js";
import { sealJson, unsealJson } from "../files/sealed-json.js";

/** What a claim says of the process that made it. */
export const claimSchema = z.looseObject({
  format: z.literal(1),
  /** `null` until the directory has its id. */
  storeId: z.string().nullable(),
  epoch: z.int(),
  pid: z.int(),
  processStart: z.string().nullable(),
  pidNamespace: z.string().nullable(),
  bootId: z.string().nullable(),
  host: z.string(),
  claimedAt: z.string(),
  /** The socket the owner listens on, by its first name and its inode; `null` where none can be had. */
  socket: z.looseObject({ name: z.string(), inode: z.int() }).nullable(),
});
export type Claim = z.infer<typeof claimSchema>;

/** Keeps an epoch counted that nobody holds: the place of a claim that can not be read, or of the one a copy was made under. */
export function claimOfNobody(storeId: string, epoch: number, claimedAt: string): Claim {
  return {
    format: 1,
    storeId,
    epoch,
    pid: 0,
    processStart: null,
    pidNamespace: null,
    bootId: null,
    host: "",
    claimedAt,
    socket: null,
  };
}

const namePattern = /^\d{8}$/;

export function claimName(epoch: number): string {
  return String(epoch).padStart(8, "0");
}

/** The claims in the folder, ascending. */
export async function listClaims(fileSystem: FileSystem, epochs: string): Promise<number[]> {
  const entries = await fileSystem.readDirectory(epochs);
  return entries
    .filter(({ name }) => namePattern.test(name))
    .map(({ name }) => Number(name))
    .sort((left, right) => left - right);
}

/** @returns `undefined` if the claim is gone; `"damaged"` if it is there and can not be read. */
export async function readClaim(
  fileSystem: FileSystem,
  epochs: string,
  epoch: number,
): Promise<Claim | "damaged" | undefined> {
  const path = join(epochs, claimName(epoch));
  let bytes: Buffer;
  try {
    bytes = await fileSystem.readFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  try {
    const parsed = claimSchema.safeParse(unsealJson(bytes, path), parsedOnce);
    return parsed.success ? parsed.data : "damaged";
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT")) return "damaged";
    throw error;
  }
}

/** @returns false if another process made the claim of this epoch. Of any number that try, exactly one gets true. */
export async function createClaim(fileSystem: FileSystem, epochs: string, claim: Claim): Promise<boolean> {
  return createFileDurably(fileSystem, join(epochs, claimName(claim.epoch)), sealJson(claim));
}

/**
 * Makes the check that stands between a journal write and its acknowledgment.
 *
 * The next owner claims first, and only then reads how far the journal goes. So if neither sign of it is there *after*
 * our write returned, its reading includes the write; and if one is, the write is not acknowledged. Either way nothing
 * that was acknowledged is lost. Old claims are removed in ascending order, so an owner that slept through several
 * successions misses its own claim before it could miss the next.
 *
 * A directory that was moved away goes on being written through the files that are open, and another that took its name
 * has a claim of the same number as soon as it has an owner. So the claim must be the very file that was made, which a
 * claim, never being changed, always is.
 */
export function fenceOf(fileSystem: FileSystem, epochs: string, epoch: number): () => void {
  const own = join(epochs, claimName(epoch));
  const next = join(epochs, claimName(epoch + 1));
  const made = fileSystem.identityNow(own);
  return () => {
    if (made !== undefined && fileSystem.identityNow(own) === made && !fileSystem.existsNow(next)) return;
    throw new HoldfastError(
      "WRITER_FENCED",
      `This process was the writer of epoch ${epoch}, and another has taken the directory over, or it was moved or replaced (${epochs}). Nothing more is acknowledged here; open the directory anew to go on.`,
      { details: { epoch, epochs } },
    );
  };
}
