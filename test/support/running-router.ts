import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import type { ReplayRecord } from "../../src/surfaces/replay/replay-record.js";
import { RouterProcess, type Ending } from "../drill/router-process.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

const program = fileURLToPath(new URL("../../build/examples/router/main.js", import.meta.url));
const recordHeader = "x-vsr-replay-id";

export interface TakenTurn {
  readonly response: OpenAI.Responses.Response;
  /** The id of the replay record, as the router told it; `null` if it told none. */
  readonly recordId: string | null;
}

/** The example router as a process of its own, over a state directory that outlives it. */
export class RunningRouter implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #settings: Readonly<Record<string, string>>;
  #process: RouterProcess | undefined;
  #client: OpenAI | undefined;

  private constructor(folder: TemporaryFolder, settings: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#settings = settings;
  }

  static async begin(settings: Readonly<Record<string, string>> = {}): Promise<RunningRouter> {
    const router = new RunningRouter(await temporaryFolder(), settings);
    await router.#start();
    return router;
  }

  get directory(): string {
    return this.#folder.at("state");
  }

  /** The official client, which repeats nothing by itself. */
  get client(): OpenAI {
    if (this.#client === undefined) throw new Error("The router does not run.");
    return this.#client;
  }

  /**
   * Ends it as a crash does, and starts it again.
   *
   * @param atRest What is to be done in between, while nothing changes in its directory.
   */
  async killAndRestart(atRest?: () => Promise<void>): Promise<void> {
    await this.#process?.kill();
    await atRest?.();
    await this.#start();
  }

  /** Ends it as an orchestrator does, and starts it again. @returns how it ended. */
  async terminateAndRestart(): Promise<Ending | undefined> {
    const ending = await this.#process?.terminate();
    await this.#start();
    return ending;
  }

  /** Takes a turn that is not streamed. */
  async turn(body: Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, "stream">): Promise<TakenTurn> {
    const { data, response } = await this.client.responses.create({ ...body, stream: false }).withResponse();
    return { response: data, recordId: response.headers.get(recordHeader) };
  }

  /** Begins a turn that is streamed. */
  async stream(
    body: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, "stream">,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ events: AsyncIterable<OpenAI.Responses.ResponseStreamEvent>; recordId: string | null }> {
    const { data, response } = await this.client.responses.create({ ...body, stream: true }, options).withResponse();
    return { events: data, recordId: response.headers.get(recordHeader) };
  }

  /** Takes a turn that is streamed. @returns what its last event tells. */
  async streamedTurn(body: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, "stream">): Promise<TakenTurn> {
    const { events, recordId } = await this.stream(body);
    let last: OpenAI.Responses.ResponseStreamEvent | undefined;
    for await (const event of events) last = event;
    if (last === undefined || !("response" in last)) throw new Error("The stream did not tell an outcome.");
    return { response: last.response, recordId };
  }

  /** The replay record of a turn. */
  async record(id: string | null): Promise<ReplayRecord> {
    return this.client.get<ReplayRecord>(`/router_replay/${String(id)}`);
  }

  /** All replay records, newest first, as long as they fit on a page. */
  async records(): Promise<readonly ReplayRecord[]> {
    const { data } = await this.client.get<{ data: ReplayRecord[] }>("/router_replay", {
      query: { showDetails: true },
    });
    return data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.terminate();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const router = new RouterProcess(program, this.directory, this.#settings);
    this.#process = router;
    const { announcement } = await router.hear("ready");
    this.#client = new OpenAI({
      baseURL: `http://127.0.0.1:${announcement.port}/v1`,
      apiKey: "test",
      maxRetries: 0,
    });
  }
}

/** The text that a response answers with. */
export function answerOf({ output }: OpenAI.Responses.Response): string {
  return output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : part.refusal))
    .join("");
}
