import { join } from "node:path";
import type { Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbandoned } from "./abandoned-claims.js";
import { probeAliveSocket, type Liveness } from "./alive-socket.js";
import { claimName, readClaim, type Claim } from "./claim.js";
import { runsHere, type ProcessIdentity } from "./process-identity.js";
import { readWriterFile } from "./writer-file.js";

/** Why a directory may be taken. */
export type Vacancy = "unclaimed" | "released" | "dead" | "stale";

export type Judgement =
  | { readonly kind: "vacant"; readonly why: Vacancy; readonly claim: Claim | undefined }
  /** The holder lives. `paused`: its heartbeat is older than the bound. `gone` resolves when the kernel sees it go. */
  | {
      readonly kind: "held";
      readonly claim: Claim | undefined;
      readonly paused: boolean;
      readonly gone: Promise<void> | undefined;
      /** The name under which the holder's socket answered. */
      readonly socket: string | undefined;
      release(): void;
    };

export interface JudgeOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly own: ProcessIdentity;
  readonly staleAfterMs: number;
}

/**
 * Decides whether the holder of the newest epoch is still there. The kernel is asked first, and its word is final; pids
 * count only within one boot and one pid namespace; the heartbeat decides where neither reaches, as for another host.
 */
export async function judgeHolder(options: JudgeOptions, epoch: number): Promise<Judgement> {
  const { fileSystem, layout } = options;
  if (epoch === 0) return { kind: "vacant", why: "unclaimed", claim: undefined };
  const read = await readClaim(fileSystem, layout.epochs, epoch);
  const claim = read === "damaged" ? undefined : read;
  const writer = await readWriterFile(fileSystem, layout.writer);
  if (writer?.epoch === epoch && writer.releasedAt !== undefined) return { kind: "vacant", why: "released", claim };

  if (claim !== undefined && isAbandoned(claim)) return { kind: "vacant", why: "released", claim };

  const beat = await heartbeatAge(options, epoch);
  const paused = beat > options.staleAfterMs;
  const sameKernel = claim === undefined || claim.bootId === null || claim.bootId === options.own.bootId;
  if (sameKernel) {
    const { liveness, socket } = await probeHolder(options, claim);
    if (liveness.verdict === "dead") return { kind: "vacant", why: "dead", claim };
    if (liveness.verdict === "alive") {
      const gone = liveness.connected ? liveness.gone : undefined;
      return {
        kind: "held",
        claim,
        paused,
        gone,
        socket,
        release: () => {
          liveness.release();
        },
      };
    }
    const running = claim === undefined ? undefined : runsHere(claim, options.own);
    if (running === false) return { kind: "vacant", why: "dead", claim };
    if (running === true) return heldWithoutSocket(claim, paused);
  }
  return paused ? { kind: "vacant", why: "stale", claim } : heldWithoutSocket(claim, false);
}

function heldWithoutSocket(claim: Claim | undefined, paused: boolean): Judgement {
  return { kind: "held", claim, paused, gone: undefined, socket: undefined, release: () => undefined };
}

/**
 * The owner binds its socket under a name of its own, claims, and then renames the socket to `alive.sock`. So the own
 * name is asked first: when it is gone, `alive.sock` is the one, if it has the inode that the claim names.
 */
async function probeHolder(
  { fileSystem, layout }: JudgeOptions,
  claim: Claim | undefined,
): Promise<{ readonly liveness: Liveness; readonly socket: string }> {
  const published = layout.aliveSocket;
  if (claim === undefined) return { liveness: await probeAliveSocket(published), socket: published };
  if (claim.socket === null) return { liveness: { verdict: "unknown" }, socket: published };
  const own = join(layout.status, claim.socket.name);
  const liveness = await probeAliveSocket(own);
  if (liveness.verdict !== "unknown") return { liveness, socket: own };
  const status = await fileSystem.status(published);
  if (status?.inode !== claim.socket.inode) return { liveness, socket: published };
  return { liveness: await probeAliveSocket(published), socket: published };
}

/** Milliseconds since the holder's last sign of life: its lock's modification time, or before there is one its claim's. */
async function heartbeatAge({ fileSystem, layout, clock }: JudgeOptions, epoch: number): Promise<number> {
  const claimed = await fileSystem.status(join(layout.epochs, claimName(epoch)));
  const locked = await fileSystem.status(layout.writerLock);
  const last = Math.max(claimed?.modifiedAtMs ?? 0, locked?.modifiedAtMs ?? 0);
  return clock.now() - last;
}
