import { isHoldfastError } from "../../errors.js";
import { Conversations } from "../../surfaces/conversations/index.js";
import { defaultTimeToLiveMs, Responses, type RecordedResponse } from "../../surfaces/responses/index.js";
import { prepareResponse } from "../../surfaces/responses/prepare-response.js";
import { longestLine } from "../check-export.js";
import { alreadyExist } from "../import-export.js";
import { beginImport, endImport, isUnderWay } from "../../surfaces/imports/index.js";
import { ImportTally, type ImportOptions, type ImportReport, type ImportTarget } from "../import-options.js";
import { LineProblems } from "../line-problems.js";
import { hashOfFile } from "../../files/hash-of-file.js";
import { redisEntries } from "./redis-entries.js";
import {
  conversationOf,
  expiryOf,
  recordedResponseOf,
  storedConversationSchema,
  storedResponseSchema,
  type ReferenceConversation,
  type ReferenceResponse,
} from "./stored-response.js";

/** What is known of a response before it is read again. */
interface KnownResponse {
  readonly number: number;
  readonly createdAt: number;
  readonly previous: string | undefined;
  readonly size: number;
}

interface ResponseToWrite {
  readonly stored: ReferenceResponse;
  readonly pttl: number | undefined;
}

/** Characters of entries that are in memory at a time while they are brought into order. */
const stretchSize = 64 * 1024 * 1024;
const mostTakenListed = 100;

/**
 * Brings the reference's response history in, as its Redis keys hold it. Every entry is checked first, and nothing
 * written. Then conversations, and responses in the order in which they were created, each parent before its children:
 * so a conversation's items stand as they were said. Keys come in any order, so the file is gone through once for each
 * stretch of that order.
 *
 * A response keeps its id, its input, its output, its place in chain and conversation and its time of creation. A `ttl`
 * that is set, or the `pttl` of its key, becomes the expiry of its history; otherwise it is kept as long as any other.
 *
 * @throws HoldfastError as {@link importExport}
 */
export async function importRedis(path: string, target: ImportTarget, options: ImportOptions): Promise<ImportReport> {
  return new RedisImport(path, target, options).run();
}

class RedisImport {
  readonly #path: string;
  readonly #target: ImportTarget;
  readonly #options: ImportOptions;
  readonly #conversations: Conversations;
  readonly #known = new Map<string, KnownResponse>();
  readonly #taken: string[] = [];
  #takenCount = 0;
  #done = 0;
  #existing: ImportOptions["existing"];
  readonly #tally = new ImportTally();

  constructor(path: string, target: ImportTarget, options: ImportOptions) {
    this.#path = path;
    this.#target = target;
    this.#options = options;
    this.#existing = options.existing;
    this.#conversations = new Conversations(target.store, { now: target.now });
  }

  async run(): Promise<ImportReport> {
    const { store, now } = this.#target;
    const { dryRun } = this.#options;
    const sha256 = await hashOfFile(this.#options.fileSystem, this.#path);
    await this.#check();
    const resumed = await isUnderWay(store, sha256);
    if (this.#takenCount > 0 && this.#existing === "refuse" && !resumed) {
      throw alreadyExist({ count: this.#takenCount, first: this.#taken });
    }
    if (this.#existing === "refuse") this.#existing = "skip";
    if (!dryRun) await beginImport(store, sha256, now());
    await this.#writeConversations();
    const order = creationOrder(this.#known);
    for (const stretch of this.#stretchesOf(order)) await this.#writeResponses(stretch, order.length);
    if (!dryRun) await endImport(store, sha256);
    return this.#tally.report({ dryRun, resumed, sha256 });
  }

  async #check(): Promise<void> {
    const problems = new LineProblems();
    const conversations = new Set<string>();
    for await (const { number, kind, value, size } of this.#entries(problems)) {
      this.#options.onProgress?.({ stage: "checking", done: number });
      if (kind === "conversation") {
        const conversation = storedConversationSchema.safeParse(value);
        if (!conversation.success) {
          problems.noteIssues(number, conversation.error.issues);
          continue;
        }
        const { id } = conversation.data;
        if (conversations.has(id)) problems.add(number, "/value/id", "is in the file twice");
        conversations.add(id);
        await this.#checkTaken(number, `conversations/${id}`, problems, () => this.#conversations.get(id));
      } else {
        await this.#checkResponse(number, value, size, problems);
      }
    }
    problems.throwIfAny(this.#path);
  }

  async #checkResponse(number: number, value: unknown, size: number, problems: LineProblems): Promise<void> {
    const response = storedResponseSchema.safeParse(value);
    if (!response.success) {
      problems.noteIssues(number, response.error.issues);
      return;
    }
    const { id, created_at, previous_response_id } = response.data;
    try {
      prepareResponse(recordedResponseOf(response.data));
    } catch (error) {
      problems.note(number, error);
      return;
    }
    if (this.#known.has(id)) problems.add(number, "/value/id", "is in the file twice");
    this.#known.set(id, { number, createdAt: created_at, previous: previous_response_id ?? undefined, size });
    await this.#checkTaken(number, `responses/${id}`, problems, () => this.#responsesFor(undefined).get(id));
  }

  async #checkTaken(number: number, name: string, problems: LineProblems, find: () => Promise<unknown>): Promise<void> {
    try {
      if ((await find()) === undefined) return;
    } catch (error) {
      problems.note(number, error);
      return;
    }
    this.#takenCount += 1;
    if (this.#taken.length < mostTakenListed) this.#taken.push(name);
  }

  async #writeConversations(): Promise<void> {
    for await (const { kind, value } of this.#entries(new LineProblems())) {
      if (kind === "conversation") await this.#writeConversation(storedConversationSchema.parse(value));
    }
  }

  async #writeConversation(stored: ReferenceConversation): Promise<void> {
    const isThere = (await this.#conversations.get(stored.id)) !== undefined;
    if (isThere && this.#existing !== "replace") {
      this.#tally.skipped += 1;
      return;
    }
    if (!this.#options.dryRun) await this.#conversations.replace(stored.id, conversationOf(stored));
    this.#tally.write("conversations");
  }

  /** Writes the responses of a stretch of the order; their entries are read again, from wherever they stand. */
  async #writeResponses(ids: readonly string[], total: number): Promise<void> {
    const wanted = new Map(ids.map((id) => [id, this.#known.get(id)?.number]));
    const found = new Map<string, ResponseToWrite>();
    for await (const { number, kind, value, pttl } of this.#entries(new LineProblems())) {
      if (kind !== "response") continue;
      const stored = storedResponseSchema.parse(value);
      if (wanted.get(stored.id) === number) found.set(stored.id, { stored, pttl });
      if (found.size === wanted.size) break;
    }
    for (const id of ids) {
      const response = found.get(id);
      if (response !== undefined) await this.#writeResponse(response);
      this.#done += 1;
      this.#options.onProgress?.({ stage: "writing", done: this.#done, total });
    }
  }

  *#stretchesOf(order: readonly string[]): Generator<string[]> {
    let stretch: string[] = [];
    let size = 0;
    for (const id of order) {
      stretch.push(id);
      size += this.#known.get(id)?.size ?? 0;
      if (size < stretchSize) continue;
      yield stretch;
      stretch = [];
      size = 0;
    }
    if (stretch.length > 0) yield stretch;
  }

  async #writeResponse({ stored, pttl }: ResponseToWrite): Promise<void> {
    const now = this.#target.now();
    const expiry = expiryOf(stored.ttl) ?? (pttl === undefined ? undefined : now + pttl);
    if (expiry !== undefined && expiry <= now) {
      this.#tally.expired += 1;
      return;
    }
    const responses = this.#responsesFor(expiry === undefined ? undefined : expiry - now);
    const isThere = (await responses.get(stored.id)) !== undefined;
    if (isThere && this.#existing !== "replace") {
      this.#tally.skipped += 1;
      return;
    }
    const { isLabelOnly, ...recorded } = recordedResponseOf(stored);
    if (isLabelOnly) {
      this.#tally.remark(`${stored.id}: its conversation_id can not name a conversation here, and stays a label`);
    }
    this.#tally.write("responses");
    await this.#ensureConversation(recorded.conversation, stored.created_at);
    if (this.#options.dryRun) return;
    const resolvable = { ...recorded, input: await this.#resolvable(responses, stored, recorded) };
    if (isThere) await responses.replace(stored.id, resolvable);
    else await responses.record(resolvable);
  }

  /** In the reference a conversation is mostly a label, with nothing stored under it. Here it is one, from its first response on. */
  async #ensureConversation(id: string | undefined, created_at: number): Promise<void> {
    if (id === undefined || (await this.#conversations.get(id)) !== undefined || this.#options.dryRun) return;
    await this.#conversations.replace(id, { created_at });
    this.#tally.write("conversations");
  }

  /** A reference to an item that is stored nowhere would keep the whole turn out: it is left out, and said. */
  async #resolvable(
    responses: Responses,
    stored: ReferenceResponse,
    { input, conversation }: RecordedResponse,
  ): Promise<Record<string, unknown>[]> {
    const items = input as Record<string, unknown>[];
    const previousResponseId = stored.previous_response_id ?? "";
    const scope = {
      ...(conversation === undefined ? {} : { conversation }),
      ...(previousResponseId === "" ? {} : { previousResponseId }),
    };
    const kept: Record<string, unknown>[] = [];
    for (const item of items) {
      if (item["type"] === "item_reference" && !(await isResolvable(responses, item, scope))) {
        this.#tally.remark(
          `${stored.id}: a reference to the item ${String(item["id"])}, which is not there, is left out`,
        );
      } else {
        kept.push(item);
      }
    }
    return kept;
  }

  #responsesFor(timeToLiveMs: number | undefined): Responses {
    const { store, now, responsesTimeToLiveMs = defaultTimeToLiveMs } = this.#target;
    return new Responses(store, { now, timeToLiveMs: timeToLiveMs ?? responsesTimeToLiveMs });
  }

  #entries(problems: LineProblems): ReturnType<typeof redisEntries> {
    return redisEntries(this.#options.fileSystem, this.#path, longestLine(this.#options), problems);
  }
}

async function isResolvable(
  responses: Responses,
  item: Readonly<Record<string, unknown>>,
  scope: Parameters<Responses["resolveItems"]>[1],
): Promise<boolean> {
  try {
    await responses.resolveItems([item], scope);
    return true;
  } catch (error) {
    if (isHoldfastError(error, "INVALID_DOCUMENT")) return false;
    throw error;
  }
}

/** By time of creation, ties by place in the file; and each response behind the one it continues, if that is there. */
function creationOrder(known: ReadonlyMap<string, KnownResponse>): string[] {
  const sorted = [...known].sort(
    ([, left], [, right]) => left.createdAt - right.createdAt || left.number - right.number,
  );
  const ordered = new Set<string>();
  for (const [id] of sorted) {
    const chain: string[] = [];
    const visited = new Set<string>();
    for (let next: string | undefined = id; next !== undefined && !ordered.has(next) && !visited.has(next);) {
      const response = known.get(next);
      if (response === undefined) break;
      visited.add(next);
      chain.push(next);
      next = response.previous;
    }
    for (const link of chain.reverse()) ordered.add(link);
  }
  return [...ordered];
}
