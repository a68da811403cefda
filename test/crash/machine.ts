import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/files/clock.js";
import type { FileSystem } from "../../src/files/file-system.js";
import type { ProcessIdentity } from "../../src/locking/process-identity.js";
import type { DiskImage } from "./disk/disk-image.js";
import { SimulatedDisk, type SimulatedDiskOptions } from "./disk/simulated-disk.js";
import { SocketFolder } from "./disk/socket-folder.js";
import { VirtualTimers } from "./virtual-timers.js";

/** Longer than any staleness bound in use: a machine takes a while to come up again. */
const rebootMs = 60_000;
/** No process of the real system has such a number, so every process of ours counts as dead once another asks. */
const firstPid = 5_000_000;

/** A process on the simulated machine, as far as a state directory sees it. */
export interface MachineProcess {
  readonly disk: SimulatedDisk;
  readonly environment: {
    readonly fileSystem: FileSystem;
    readonly clock: Clock;
    readonly identity: () => ProcessIdentity;
  };
}

/**
 * A computer with a disk, a clock and processes, one at a time. It can lose its power: then the next process runs under
 * another boot. Or a process can be killed: then the next one runs under the same. In both cases nobody listens on the
 * sockets any more.
 */
export class Machine implements AsyncDisposable {
  readonly mountPoint: string;
  /** Where the state directory is. */
  readonly directory: string;
  readonly timers: VirtualTimers;
  readonly #sockets: SocketFolder;
  #wall = Date.parse("2026-03-01T12:00:00.000Z");
  #elapsed = 0;
  #boot = 0;
  #pid = firstPid;

  private constructor(mountPoint: string, sockets: SocketFolder) {
    this.mountPoint = mountPoint;
    this.directory = join(mountPoint, "state");
    this.#sockets = sockets;
    this.timers = VirtualTimers.install();
  }

  static async make(): Promise<Machine> {
    const mountPoint = await mkdtemp(join(tmpdir(), "crash-"));
    const sockets = await SocketFolder.make(mountPoint, join(mountPoint, "state", "status"));
    return new Machine(mountPoint, sockets);
  }

  now(): number {
    return this.#wall;
  }

  /** Time passes, and timers that become due run. */
  pass(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#elapsed += milliseconds;
    this.timers.pass(milliseconds);
  }

  /** Puts the clock where it was, so that a recording does not depend on what was explored before it. */
  setClock(wall: number): void {
    this.#wall = wall;
  }

  /** The power was lost: the machine comes up with what is on its disk. */
  reboot(image: DiskImage | undefined, options: Partial<SimulatedDiskOptions> = {}): MachineProcess {
    this.#boot += 1;
    this.#wall += rebootMs;
    this.#elapsed = 0;
    return this.restart(image, options);
  }

  /** The process was killed, or has ended, and another runs on the same disk. */
  restart(image: DiskImage | undefined, options: Partial<SimulatedDiskOptions> = {}): MachineProcess {
    this.timers.clear();
    this.#sockets.reset(image);
    this.#pid += 1;
    const disk = new SimulatedDisk({
      mountPoint: this.mountPoint,
      sockets: this.#sockets,
      now: () => this.#wall,
      ...(image === undefined ? {} : { image }),
      ...options,
    });
    return this.#process(disk, disk);
  }

  /** Another process beside the ones that are there. */
  beside({ disk }: MachineProcess): MachineProcess {
    this.#pid += 1;
    return this.#process(disk, disk);
  }

  /** The same process, which sees its disk through something that changes what it asks. */
  through(process: MachineProcess, fileSystem: FileSystem): MachineProcess {
    return { disk: process.disk, environment: { ...process.environment, fileSystem } };
  }

  #process(disk: SimulatedDisk, fileSystem: FileSystem): MachineProcess {
    const identity: ProcessIdentity = {
      pid: this.#pid,
      processStart: "1",
      pidNamespace: "simulated",
      bootId: `boot-${this.#boot}`,
      host: "simulated",
    };
    const clock: Clock = { now: () => this.#wall, elapsed: () => this.#elapsed };
    return { disk, environment: { fileSystem, clock, identity: () => identity } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.timers[Symbol.dispose]();
    await rm(this.mountPoint, { recursive: true, force: true });
  }
}
