import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { probeAliveSocket } from "./alive-socket.js";
import { claimName, type Claim } from "./claim.js";
import { runsHere, type ProcessIdentity } from "./process-identity.js";

/**
 * Owners that were taken over while they lived. `alive.sock` becomes their successor's, so their own sockets get a
 * second name, `displaced.<epoch>.sock`: by it the successor, and its successors, can tell whether they are gone.
 */
const namePattern = /^displaced\.\d{8}\.sock$/;
const retryMs = 100;

/**
 * Gives the socket of a living owner its second name. To be called before the claim that displaces the owner: a crash
 * behind it leaves a name too many, one before it would leave an owner that nobody knows of.
 *
 * @param socket the name under which the owner answered.
 */
export async function keepInSight(
  fileSystem: FileSystem,
  statusFolder: string,
  socket: string,
  epoch: number,
): Promise<void> {
  try {
    await fileSystem.link(socket, join(statusFolder, `displaced.${claimName(epoch)}.sock`));
  } catch (error) {
    // It is there already; the owner left meanwhile; or sockets can not have two names here, and then only the process
    // that takes over, which holds a connection, knows of the owner.
    if (isAbsent(error) || tolerated.has((error as NodeJS.ErrnoException).code ?? "")) return;
    throw error;
  }
}

const tolerated: ReadonlySet<string> = new Set(["EEXIST", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/** @returns `undefined` if there are none; `gone` resolves when the last of them is. */
export async function displacedOwners(
  fileSystem: FileSystem,
  statusFolder: string,
): Promise<{ readonly gone: Promise<void> } | undefined> {
  const living: string[] = [];
  for (const { name } of await fileSystem.readDirectory(statusFolder)) {
    if (!namePattern.test(name)) continue;
    const path = join(statusFolder, name);
    if (await answers(path)) living.push(path);
    else await removeIfPresent(fileSystem, path);
  }
  if (living.length === 0) return undefined;
  return { gone: Promise.all(living.map((path) => goneFrom(fileSystem, path))).then(() => undefined) };
}

/**
 * For an owner without a socket: resolves when its process is gone, as far as pids can tell. Where they can not, in
 * another pid namespace or on another host, it never does: then that owner may still exist.
 */
export async function processGone(claim: Claim | undefined, own: ProcessIdentity): Promise<void> {
  while (claim === undefined || runsHere(claim, own) !== false) await delay(retryMs, undefined, { ref: false });
}

async function answers(path: string): Promise<boolean> {
  const liveness = await probeAliveSocket(path);
  if (liveness.verdict === "alive") liveness.release();
  return liveness.verdict === "alive";
}

/** A connection that ends proves nothing by itself: the process may have run out of descriptors. So it asks again. */
async function goneFrom(fileSystem: FileSystem, path: string): Promise<void> {
  for (;;) {
    const liveness = await probeAliveSocket(path);
    if (liveness.verdict !== "alive") break;
    if (liveness.connected) await liveness.gone;
    else await delay(retryMs, undefined, { ref: false });
  }
  await removeIfPresent(fileSystem, path);
}
