import OpenAI from "openai";

/** A turn was cut off by the end of the router: whether it took place is not known. */
export class CutOffError extends Error {
  override readonly name = "CutOffError";
}

/**
 * The router as its clients see it: there, or gone for a while. A client that repeats a request by itself would hide
 * which request was acknowledged, so it must not.
 */
export class Service {
  #client: OpenAI | undefined;
  #waiting: (() => void)[] = [];
  #stopped = false;
  /** Called when a client has got an answer. */
  onAnswer: () => void = () => undefined;

  /** A new router serves. */
  up(port: number): void {
    this.#client = new OpenAI({
      baseURL: `http://127.0.0.1:${port}/v1`,
      apiKey: "drill",
      maxRetries: 0,
      timeout: 30_000,
    });
    this.#wake();
  }

  /** The router is gone. */
  down(): void {
    this.#client = undefined;
  }

  /** No more turns are wanted. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The client for the router that serves, or the next that will; `undefined` once no more turns are wanted. */
  async client(): Promise<OpenAI | undefined> {
    while (!this.#stopped && this.#client === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#stopped ? undefined : this.#client;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting = [];
  }
}

/** Runs a request; what the end of the router does to it becomes a {@link CutOffError}, all else stays as it is. */
export async function request<Result>(send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    if (isCutOff(error)) throw new CutOffError("The router went away.", { cause: error });
    throw error;
  }
}

function isCutOff(error: unknown): boolean {
  if (error instanceof OpenAI.APIConnectionTimeoutError) return false;
  if (error instanceof OpenAI.APIConnectionError) return true;
  // A body that was being read when the connection broke fails below the client.
  const codes = ["ECONNRESET", "ECONNREFUSED", "EPIPE", "UND_ERR_SOCKET"];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && codes.includes(String(cause.code))) return true;
    if (cause instanceof TypeError && cause.message === "terminated") return true;
  }
  return false;
}
