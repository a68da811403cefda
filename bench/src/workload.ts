/** A stored response, as a router keeps it: about 1 KB of JSON with two members that are looked up. */
export interface ResponseBody {
  readonly object: "response";
  readonly created_at: number;
  readonly status: "completed";
  readonly model: string;
  readonly conversation: { readonly id: string };
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number; readonly total_tokens: number };
  readonly metadata: Readonly<Record<string, string>>;
}

interface Message {
  readonly type: "message";
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly status: "completed";
  readonly content: readonly { readonly type: "input_text" | "output_text"; readonly text: string }[];
}

const models = ["general-large", "general-small", "code-large", "reasoning-large"] as const;
const conversations = 200;
const bodies = 256;
const bodyBytes = 1024;
const words = (
  "the router keeps every answer it gave so that the next question can be read in the light of the one before and " +
  "nothing a client was told is ever taken back whatever becomes of the process the disk or the machine in between"
).split(" ");

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The documents of one cell. Bodies are made beforehand and taken in turn, since making them would cost every engine the
 * same and so blur what differs; ids are made as they are needed, never twice, and random as those of a router are.
 */
export class Workload {
  readonly #random: () => number;
  readonly #bodies: ResponseBody[];
  #taken = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#bodies = Array.from({ length: bodies }, () => this.#body());
  }

  next(): { readonly id: string; readonly body: ResponseBody } {
    const body = this.#bodies[this.#taken % bodies];
    if (body === undefined) throw new Error("There are no bodies to take.");
    this.#taken += 1;
    // The running number makes it unique, the random digits in front spread it over the key space.
    return { id: `resp_${this.#hex(12)}${this.#taken.toString(16).padStart(12, "0")}`, body };
  }

  #body(): ResponseBody {
    const question = this.#text(40);
    const body = (answer: string): ResponseBody => ({
      object: "response",
      created_at: 1_780_000_000 + this.#below(1_000_000),
      status: "completed",
      model: models[this.#below(models.length)] ?? models[0],
      conversation: { id: `conv_${String(this.#below(conversations)).padStart(24, "0")}` },
      input: [message("user", "input_text", `msg_${this.#hex(24)}`, question)],
      output: [message("assistant", "output_text", `msg_${this.#hex(24)}`, answer)],
      usage: { input_tokens: 40, output_tokens: 90, total_tokens: 130 },
      metadata: { session: this.#hex(16), tier: "standard" },
    });
    const missing = bodyBytes - Buffer.byteLength(JSON.stringify(body("")));
    return body(this.#text(Math.max(missing, 1)));
  }

  /** Words up to `length` characters. */
  #text(length: number): string {
    let text = "";
    while (text.length < length) text += `${words[this.#below(words.length)] ?? ""} `;
    return text.slice(0, length);
  }

  #hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.#below(16).toString(16);
    return text;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function message(role: Message["role"], type: "input_text" | "output_text", id: string, text: string): Message {
  return { type: "message", id, role, status: "completed", content: [{ type, text }] };
}
