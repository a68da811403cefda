import type { Machine, MachineProcess } from "../machine.js";
import type { OpenStateDirectoryOptions, StateDirectory } from "../product.js";
import type { Random } from "../states/random.js";

/** What a workload has at hand while it is recorded. */
export interface Session {
  readonly machine: Machine;
  readonly process: MachineProcess;
  readonly random: Random;
  /** Opens the directory, as the process of the session unless it is said otherwise. */
  open(options?: OpenOptions): Promise<StateDirectory>;
  /** Closes it in good order. */
  close(state: StateDirectory): Promise<void>;
  /** To be called when a write was acknowledged: from here on no crash may take it. */
  acknowledged(state: StateDirectory, write?: AcknowledgedWrite): void;
}

export interface OpenOptions {
  readonly as?: MachineProcess;
  /** Beside those of the workload. */
  readonly settings?: Partial<OpenStateDirectoryOptions>;
}

/** What was promised, as far as the caller can tell: compared with what the journal holds. */
export interface AcknowledgedWrite {
  readonly collection: string;
  readonly id: string;
  readonly revision: number;
  readonly sequence: number;
  readonly body: unknown;
}

/** Something that is done to a state directory while every operation is recorded. */
export interface Workload {
  readonly name: string;
  /** Of the directory, beside those all workloads share: while it is recorded, and when a state is checked. */
  readonly settings?: Partial<OpenStateDirectoryOptions>;
  /** How much room the disk has to begin with, in bytes. Default: more than can be used, and none is counted. */
  readonly freeBytes?: number;
  run(session: Session): Promise<void>;
  /** What the next owner does after a crash in it. Default: it opens, writes a little, and leaves. */
  readonly recovery?: Pick<Workload, "name" | "run">;
  /** What must hold in every state beyond the documents. @returns what does not. */
  readonly check?: (state: StateDirectory) => Promise<string[]>;
}
