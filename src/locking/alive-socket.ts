import { createConnection, createServer, type Server, type Socket } from "node:net";
import { openSync, closeSync, constants } from "node:fs";
import { basename, dirname } from "node:path";
import { isAbsent } from "../files/node-file-system.js";

/**
 * Liveness by socket. A process that holds the directory listens on a Unix socket; the kernel closes it the moment the
 * process is gone, however it went, and refuses connections to the name it leaves behind. No clock is involved, and it
 * holds in every container of this kernel that sees the directory.
 */

/** `sockaddr_un` holds 108 bytes on Linux and 104 elsewhere, the closing NUL included. */
const longestSocketPath = 103;

/** A line from a watcher, whatever it says, asks for what is sent. This is what ours says. */
const requestLine = "status\n";
const lineFeed = 0x0a;

/** Where to bind or connect, and what to close afterwards. */
interface SocketAddress {
  readonly path: string;
  release(): void;
}

/**
 * A path too long for `sockaddr_un` is reached through an open descriptor of its folder, where the system has such
 * paths. Node would cut a long path short silently, and listen somewhere else.
 */
function addressOf(path: string): SocketAddress | undefined {
  if (Buffer.byteLength(path) <= longestSocketPath) return { path, release: () => undefined };
  if (process.platform !== "linux") return undefined;
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    release: () => {
      closeSync(folder);
    },
  };
}

/** A socket this process listens on to show that it lives. */
export class AliveSocket {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  /** Those of them that want to be told. */
  readonly #listeners = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => {
        this.#connections.delete(socket);
        this.#listeners.delete(socket);
      });
      // A watcher that goes away resets the connection; that says nothing about this process.
      socket.on("error", () => socket.destroy());
      // Who has not asked gets nothing: it may wait for the end of the connection alone, and read nothing before that.
      socket.on("data", (bytes: Buffer) => {
        if (bytes.includes(lineFeed)) this.#listeners.add(socket);
      });
      socket.unref();
    });
    server.unref();
  }

  /** @returns `undefined` where a socket can not be had: a path too long, or a file system without sockets. */
  static async listen(path: string): Promise<AliveSocket | undefined> {
    const address = addressOf(path);
    if (address === undefined) return undefined;
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(address.path, resolve);
      });
      return new AliveSocket(server);
    } catch (error) {
      if (socketsUnsupported(error)) return undefined;
      throw error;
    } finally {
      address.release();
    }
  }

  /**
   * Sends a message to everyone who has asked for it, without waiting for anyone. Who has not yet taken the one before does
   * not get this one: a watcher that sleeps costs this process the memory of one message, and slows nobody down. So
   * this is a shortcut for what is also told in another, lasting way.
   *
   * @param message whole; it arrives whole, or cut off by the end of the connection.
   */
  send(message: Uint8Array): void {
    for (const socket of this.#listeners) {
      if (socket.writable && socket.writableLength === 0) socket.write(message);
    }
  }

  /** Stops listening and drops every watcher: from here on this process counts as gone. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }
}

function socketsUnsupported(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EOPNOTSUPP" || code === "ENOTSUP" || code === "EPERM" || code === "ENOSYS" || code === "EINVAL";
}

/** What the kernel says of the process behind a socket. */
export type Liveness =
  /**
   * Someone listens. `gone` resolves when that process is gone or has stopped listening; call `release` to stop watching.
   * Without a connection (`connected: false`) nothing can be watched, and `gone` never resolves: ask again later.
   */
  | { readonly verdict: "alive"; readonly connected: boolean; readonly gone: Promise<void>; release(): void }
  /** Nobody listens: the process that bound it is dead. */
  | { readonly verdict: "dead" }
  /** There is no socket, or none can be had here: nothing is known. */
  | { readonly verdict: "unknown" };

/** As {@link addressOf}; `undefined` too if not even the folder is there. */
function reachable(path: string): SocketAddress | undefined {
  try {
    return addressOf(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Asks the kernel whether the process that listens on `path` lives, even if it is paused or its event loop is blocked.
 *
 * @param onBytes called with what that process sends while the connection is held; without it, nothing is asked for.
 */
export async function probeAliveSocket(path: string, onBytes?: (bytes: Buffer) => void): Promise<Liveness> {
  const address = reachable(path);
  if (address === undefined) return { verdict: "unknown" };
  const socket = createConnection(address.path);
  socket.unref();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      socket.ref();
    });
    socket.unref();
  } catch (error) {
    socket.destroy();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ECONNREFUSED") return { verdict: "dead" };
    // The queue of a paused process can fill up with probes: it is there, or it would refuse.
    if (code === "EAGAIN")
      return { verdict: "alive", connected: false, gone: new Promise(() => undefined), release: () => undefined };
    return { verdict: "unknown" };
  } finally {
    address.release();
  }
  const gone = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
    });
    socket.on("error", () => socket.destroy());
    // Either way the connection is read: its end is only seen behind all that was sent before it.
    if (onBytes === undefined) {
      socket.resume();
      return;
    }
    socket.on("data", onBytes);
    socket.write(requestLine);
  });
  return { verdict: "alive", connected: true, gone, release: () => socket.destroy() };
}
