import { get, type IncomingMessage } from "node:http";
import { once } from "node:events";

/** One server-sent event as it came; of a comment only its text is there. */
export interface ReceivedEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data?: unknown;
  readonly comment?: string;
}

/** A stream of server-sent events, read as far as it is asked for: it takes nothing off the connection by itself. */
export class EventReader implements AsyncDisposable {
  readonly reply: IncomingMessage;
  readonly #events: AsyncGenerator<ReceivedEvent, void, undefined>;

  constructor(reply: IncomingMessage) {
    this.reply = reply;
    this.#events = eventsOf(reply);
  }

  static async open(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const request = get(url, { headers, agent: false });
    const [reply] = (await once(request, "response")) as [IncomingMessage];
    return new EventReader(reply);
  }

  /** The next that is no comment; `undefined` at the end of the stream. */
  async next(): Promise<ReceivedEvent | undefined> {
    for (;;) {
      const event = await this.nextOfAny();
      if (event?.event !== undefined || event === undefined) return event;
    }
  }

  async nextOfAny(): Promise<ReceivedEvent | undefined> {
    const { value, done } = await this.#events.next();
    return done === true ? undefined : value;
  }

  /** The next so many changes, by their ids. */
  async ids(count: number): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) ids.push(Number((await this.next())?.id));
    return ids;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reply.destroy();
    await this.#events.return().catch(() => undefined);
  }
}

async function* eventsOf(reply: IncomingMessage): AsyncGenerator<ReceivedEvent, void, undefined> {
  let text = "";
  for await (const chunk of reply.setEncoding("utf8") as AsyncIterable<string>) {
    const parts = (text + chunk).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) yield parsed(part);
  }
}

function parsed(part: string): ReceivedEvent {
  const members: Record<string, unknown> = {};
  for (const line of part.split("\n")) {
    const [, name = "", value = ""] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    members[name === "" ? "comment" : name] = name === "data" ? JSON.parse(value) : value;
  }
  return members;
}
