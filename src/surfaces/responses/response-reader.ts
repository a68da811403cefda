import type { AccessCheck, AccessRequest } from "../history/access.js";
import type { Reader } from "../history/reader.js";
import { responsesCollection, type StoredResponse } from "../history/response-document.js";
import type { Lookup } from "./chain.js";
import type { Threads } from "./threads.js";

/** The one place that decides whether a stored response can be read: its thread lives, and the caller may. */
export class ResponseReader {
  readonly access: AccessCheck;
  readonly #threads: Threads;

  constructor(threads: Threads, access: AccessCheck) {
    this.#threads = threads;
    this.access = access;
  }

  /** @param known threads looked at before in the same call; see {@link isLiving}. */
  async look(
    reader: Reader,
    id: string,
    action: AccessRequest["action"],
    caller: string | undefined,
    known?: Map<string, boolean>,
  ): Promise<Lookup> {
    const stored = await reader.collection(responsesCollection).get(id);
    if (stored === undefined || !this.allows(stored, action, caller)) return "missing";
    return (await this.isLiving(reader, stored.body.thread, known)) ? stored : "expired";
  }

  async find(
    reader: Reader,
    id: string,
    action: AccessRequest["action"],
    caller: string | undefined,
  ): Promise<StoredResponse | undefined> {
    const found = await this.look(reader, id, action, caller);
    return typeof found === "string" ? undefined : found;
  }

  /** Whether anything that can be read stands under the id, whoever owns it. */
  async isTaken(reader: Reader, id: string): Promise<boolean> {
    const stored = await reader.collection(responsesCollection).get(id);
    return stored !== undefined && (await this.isLiving(reader, stored.body.thread));
  }

  /**
   * Whether the responses of a thread can be read.
   *
   * @param known answers of the same call: a chain or a page is mostly of one thread, which is then read once.
   */
  async isLiving(reader: Reader, thread: string, known = new Map<string, boolean>()): Promise<boolean> {
    const answer = known.get(thread) ?? (await this.#threads.isLiving(reader, thread));
    known.set(thread, answer);
    return answer;
  }

  allows({ id, body }: StoredResponse, action: AccessRequest["action"], caller: string | undefined): boolean {
    return this.access({ surface: "responses", id, action, caller, owner: body.owner });
  }
}
