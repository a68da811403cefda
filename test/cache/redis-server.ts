import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { temporaryFolder } from "../support/temporary-folder.js";

/** The server that is installed, if any; both speak the same protocol. */
export const redisBinary = ["redis-server", "valkey-server"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

export const skippedWithoutRedis =
  "SKIPPED: neither redis-server nor valkey-server is installed, so nothing was shown of the shared cache.";

/** A server of our own, on a free port of the loopback, that keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: AsyncDisposable & { readonly path: string };
  readonly #binary: string;
  #child: ChildProcess | undefined;

  private constructor(binary: string, port: number, folder: AsyncDisposable & { readonly path: string }) {
    this.#binary = binary;
    this.port = port;
    this.#folder = folder;
  }

  static async begin(binary: string): Promise<RedisServer> {
    const server = new RedisServer(binary, await freePort(), await temporaryFolder());
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** @returns once it accepts connections. */
  async start(): Promise<void> {
    const settings = ["--bind", "127.0.0.1", "--port", String(this.port), "--save", "", "--appendonly", "no"];
    const child = spawn(this.#binary, [...settings, "--dir", this.#folder.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    let text = "";
    for await (const piece of child.stdout) {
      text += String(piece);
      if (text.includes("Ready to accept connections")) break;
    }
    if (!text.includes("Ready to accept connections")) throw new Error(`It did not start.\n${text}`);
  }

  /** Keeps its connections and answers nothing. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return port;
}
