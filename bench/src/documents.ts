/** How the documents of a cell are made. */
export interface DocumentsPlan {
  readonly seed: number;
  /** Of a body, as JSON. */
  readonly documentBytes: number;
  /** How many conversations the documents belong to. Default 200. */
  readonly conversations?: number;
}

export interface NamedDocument {
  readonly id: string;
  readonly body: ResponseBody;
}

/** A stored response, as a router keeps it: JSON with two members that are looked up. */
export interface ResponseBody {
  readonly object: "response";
  readonly created_at: number;
  readonly status: "in_progress" | "completed";
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
const templates = 256;
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

function conversationName(number: number): string {
  return `conv_${String(number).padStart(24, "0")}`;
}

/** A whole number below 2^32 that depends on every bit of both (the last steps of MurmurHash3). */
function scatter(index: number, seed: number): number {
  let mixed = (index ^ seed) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * The documents of one run: each is known by its index alone, so that any process can say what stands there. The texts
 * are made beforehand and taken in turn, since making them would cost every engine the same and so blur what differs;
 * ids and conversations follow from the index, and are as scattered as those of a router are.
 */
export class Documents {
  readonly #seed: number;
  readonly #conversations: number;
  readonly #random: () => number;
  readonly #templates: readonly ResponseBody[];
  #taken = 0;

  constructor({ seed, documentBytes, conversations = 200 }: DocumentsPlan) {
    this.#seed = seed;
    this.#conversations = conversations;
    this.#random = seededRandom(seed);
    this.#templates = Array.from({ length: templates }, () => this.#template(documentBytes));
  }

  /** The document after the last one taken, from index 0. */
  next(): NamedDocument {
    this.#taken += 1;
    return this.at(this.#taken - 1);
  }

  at(index: number): NamedDocument {
    return { id: this.idAt(index), body: this.bodyAt(index) };
  }

  /** Unique by the index at its end; the mixed digits in front spread it over the key space. */
  idAt(index: number): string {
    const scattered = scatter(index, this.#seed).toString(16).padStart(8, "0");
    return `resp_${scattered}${index.toString(16).padStart(16, "0")}`;
  }

  conversationAt(index: number): string {
    return conversationName(scatter(index, this.#seed ^ 0x5bd1e995) % this.#conversations);
  }

  bodyAt(index: number): ResponseBody {
    const template = this.#templates[index % templates];
    if (template === undefined) throw new Error(`There is no document ${index}.`);
    return { ...template, conversation: { id: this.conversationAt(index) } };
  }

  #template(documentBytes: number): ResponseBody {
    const question = this.#text(40);
    const body = (answer: string): ResponseBody => ({
      object: "response",
      created_at: 1_780_000_000 + this.#below(1_000_000),
      status: "completed",
      model: models[this.#below(models.length)] ?? models[0],
      conversation: { id: conversationName(0) },
      input: [message("user", "input_text", `msg_${this.#hex(24)}`, question)],
      output: [message("assistant", "output_text", `msg_${this.#hex(24)}`, answer)],
      usage: { input_tokens: 40, output_tokens: 90, total_tokens: 130 },
      metadata: { session: this.#hex(16), tier: "standard" },
    });
    const missing = documentBytes - Buffer.byteLength(JSON.stringify(body("")));
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
