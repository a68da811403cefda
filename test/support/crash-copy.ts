import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { leaveDeadSocket } from "../crash/disk/dead-socket.js";

/**
 * Copies a state directory as it would be if its owner had been killed at this moment. Sockets can not be copied; a
 * refusing one is put where the owner's was, as the kernel leaves it, so that the copy is not taken for held.
 *
 * What is copied must not be moved meanwhile: let no checkpoint run. The end of one, which removes temporary files, is
 * noticed, and the copy made again.
 */
export async function crashCopy(from: string, to: string): Promise<void> {
  for (let isWhole = false; !isWhole;) {
    await rm(to, { recursive: true, force: true });
    isWhole = await copyWhole(from, to);
  }
  const newest = (await readdir(join(to, "epochs"))).sort().at(-1);
  if (newest === undefined) return;
  let claim: { socket: { name: string } | null };
  try {
    claim = JSON.parse(await readFile(join(to, "epochs", newest), "utf8")) as typeof claim;
  } catch (error) {
    // A claim that a test damaged: the name that everybody looks at will do.
    if (!(error instanceof SyntaxError)) throw error;
    claim = { socket: { name: "alive.sock" } };
  }
  if (claim.socket === null) return;
  await leaveDeadSocket(join(to, "status", claim.socket.name));
  await leaveDeadSocket(join(to, "status", "alive.sock"));
}

/** @returns whether nothing disappeared between the moment it was listed and the one it was to be copied. */
async function copyWhole(from: string, to: string): Promise<boolean> {
  try {
    await cp(from, to, { recursive: true, filter: (source) => !source.endsWith(".sock") });
    return true;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && path?.endsWith(".tmp") === true) return false;
    throw error;
  }
}
