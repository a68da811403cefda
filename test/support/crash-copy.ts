import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { leaveDeadSocket } from "../crash/disk/dead-socket.js";

/**
 * Copies a state directory as it would be if its owner had been killed at this moment. Sockets can not be copied; a
 * refusing one is put where the owner's was, as the kernel leaves it, so that the copy is not taken for held.
 *
 * What is copied must not be moved meanwhile: let no checkpoint run.
 */
export async function crashCopy(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, filter: (source) => !source.endsWith(".sock") });
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
