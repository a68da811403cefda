import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { leaveDeadSocket } from "./dead-socket.js";
import { nodesOf, type DiskImage } from "./disk-image.js";

/**
 * The real folder behind the one folder of a simulated disk that holds sockets. A process can only listen on a real
 * socket, so the product binds there, the disk takes the name over when it next looks, and every rename, link and
 * removal of such a name is done to the real one too. Whether anybody listens is thus answered by the kernel.
 */
export class SocketFolder {
  readonly #mountPoint: string;
  readonly #folder: string;
  readonly #dead: string;

  private constructor(mountPoint: string, folder: string, dead: string) {
    this.#mountPoint = mountPoint;
    this.#folder = folder;
    this.#dead = dead;
  }

  /**
   * @param mountPoint of the disk: a real folder too.
   * @param folder of the sockets, below it.
   */
  static async make(mountPoint: string, folder: string): Promise<SocketFolder> {
    mkdirSync(folder, { recursive: true });
    const dead = join(mountPoint, "dead.sock");
    await leaveDeadSocket(dead);
    return new SocketFolder(mountPoint, folder, dead);
  }

  /** Begins anew, as after a crash: nobody listens any more, and the names of the image refuse. */
  reset(image: DiskImage | undefined): void {
    for (const name of readdirSync(this.#folder)) rmSync(join(this.#folder, name));
    if (image === undefined) return;
    for (const { path, node } of nodesOf(image)) {
      const real = join(this.#mountPoint, path);
      if (node.kind === "socket" && dirname(real) === this.#folder) linkSync(this.#dead, real);
    }
  }

  /** The real sockets that a path names: itself, or all in it if it is the folder. */
  namesAt(path: string): string[] {
    if (path === this.#folder) return readdirSync(path).map((name) => join(path, name));
    return this.#holds(path) && existsSync(path) ? [path] : [];
  }

  rename(from: string, to: string): void {
    renameSync(from, to);
  }

  link(existing: string, name: string): void {
    linkSync(existing, name);
  }

  remove(path: string): void {
    // The process that listened may have removed it when it stopped.
    rmSync(path, { force: true });
  }

  #holds(path: string): boolean {
    return path.endsWith(".sock") && dirname(path) === this.#folder;
  }
}
