import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { AliveSocket } from "./alive-socket.js";
import type { Claim } from "./claim.js";

/** The socket of one who wants the directory, until it is known whether he gets it. */
export class BoundSocket {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #name = `alive.${randomBytes(6).toString("hex")}.sock`;
  #socket: AliveSocket | undefined;
  #address: Claim["socket"] = null;
  #handedOver = false;

  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem;
    this.#folder = folder;
  }

  static isName(name: string): boolean {
    return /^alive\.[0-9a-f]{12}\.sock$/.test(name);
  }

  async listen(): Promise<Claim["socket"]> {
    if (this.#socket !== undefined) return this.#address;
    const path = join(this.#folder, this.#name);
    this.#socket = await AliveSocket.listen(path);
    const status = this.#socket === undefined ? undefined : await this.#fileSystem.status(path);
    this.#address = status === undefined ? null : { name: this.#name, inode: status.inode };
    return this.#address;
  }

  handOver(): AliveSocket | undefined {
    this.#handedOver = true;
    return this.#socket;
  }

  async discard(): Promise<void> {
    if (this.#handedOver || this.#socket === undefined) return;
    await removeIfPresent(this.#fileSystem, join(this.#folder, this.#name));
    await this.#socket.close();
  }
}
