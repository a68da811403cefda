/**
 * A process that opens state directories and does what it is told, one JSON command a line on standard input. What
 * comes of it is one JSON event a line on standard output; a command is over with the event `done` or `failed` that
 * names it. Commands that begin with `loop` go on beside the others until `stop`.
 *
 *     state-process.js [without-sockets]
 */
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { openStateDirectory, type HoldfastError, type OpenStateDirectoryOptions, type StateDirectory } from "holdfast";
import { entries } from "./entries.js";

interface Client {
  readonly name: string;
  readonly transactions: readonly { readonly number: number; readonly writes: readonly ClientWrite[] }[];
}

/** Without a text: deletes. */
interface ClientWrite {
  readonly id: string;
  readonly text?: string;
}

type Command =
  | { readonly open: Omit<OpenStateDirectoryOptions, "collections" | "onProgress" | "environment"> }
  /** Inserts so many entries, all at once, and tells each acknowledgment. */
  | { readonly insert: { readonly prefix: string; readonly count: number; readonly bytes?: number } }
  /** Writes so many entries with this text, or deletes them. */
  | { readonly put: { readonly prefix: string; readonly count: number; readonly text: string } }
  | { readonly remove: { readonly prefix: string; readonly count: number } }
  /** Inserts without end, so many at a time. */
  | { readonly loopInsert: { readonly prefix: string; readonly atOnce: number; readonly bytes?: number } }
  /** Without end, writes two entries in one transaction, with the same text. */
  | { readonly loopPairs: { readonly left: string; readonly right: string } }
  /**
   * Each client commits its transactions one after the other, the clients beside each other, and each of a client's
   * transactions writes its number to the client's own entry `marker-<name>`. Acknowledgments are told by `<name> <number>`.
   */
  | { readonly clients: readonly Client[] }
  /** Tells every change there is, from `since` on. */
  | { readonly follow: { readonly since?: number } }
  /** Tells the ids of all entries, sorted. */
  | { readonly list: true }
  /** Takes every descriptor that the system still gives this process; `giveDescriptors` gives them back. */
  | { readonly takeDescriptors: true }
  | { readonly giveDescriptors: true }
  | { readonly stop: true }
  | { readonly checkpoint: true }
  | { readonly close: true };

/** As on a system that has no paths through open descriptors: then a socket in a deep directory can not be had. */
if (process.argv[2] === "without-sockets") Object.defineProperty(process, "platform", { value: "without-sockets" });

let opened: StateDirectory | undefined;
let stopped = false;
const loops: Promise<void>[] = [];
const descriptors: number[] = [];

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function state(): StateDirectory {
  if (opened === undefined) throw new Error("nothing is open");
  return opened;
}

function failureOf(error: unknown): { code: string; message: string; details: unknown } {
  const { code, details, message } = error as HoldfastError;
  return { code, message, details };
}

/** Does something for each number from 1, all at once. */
async function each(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => work(index + 1)));
}

async function insert(id: string, bytes: number): Promise<boolean> {
  const { epoch } = state();
  try {
    const { sequence } = await state()
      .collection(entries)
      .insert(id, { text: `${id} `.padEnd(bytes, "x"), epoch });
    tell({ event: "acknowledged", id, sequence, epoch });
    return true;
  } catch (error) {
    tell({ event: "rejected", id, ...failureOf(error) });
    return false;
  }
}

async function work({ name, transactions }: Client): Promise<void> {
  const { epoch } = state();
  for (const { number, writes } of transactions) {
    const id = `${name} ${number}`;
    try {
      await state().transaction(async (transaction) => {
        const all = transaction.collection(entries);
        await all.put(`marker-${name}`, { text: String(number), epoch });
        for (const { id: written, text } of writes) {
          if (text === undefined) await all.delete(written);
          else await all.put(written, { text, epoch });
        }
      });
      tell({ event: "acknowledged", id, epoch });
    } catch (error) {
      tell({ event: "rejected", id, ...failureOf(error) });
    }
  }
}

async function loopInsert(prefix: string, atOnce: number, bytes: number): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!stopped && !failed) {
      next += 1;
      if (!(await insert(`${prefix}-${next}`, bytes))) failed = true;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  tell({ event: "loop-ended" });
}

async function loopPairs(left: string, right: string): Promise<void> {
  const { epoch } = state();
  for (let count = 1; !stopped; count += 1) {
    await state().transaction(async (transaction) => {
      const both = transaction.collection(entries);
      await both.put(left, { text: String(count), epoch });
      await both.put(right, { text: String(count), epoch });
    });
    // Something in between, so that not every commit is of the same shape.
    if (count % 3 === 0)
      await state()
        .collection(entries)
        .put(`other-${count % 100}`, { text: "other", epoch });
  }
  tell({ event: "loop-ended" });
}

async function follow(since: number | undefined): Promise<void> {
  try {
    for await (const { sequence, operations } of state().changes(since === undefined ? {} : { since })) {
      tell({ event: "change", sequence, ids: operations.map(({ id }) => id) });
    }
  } catch (error) {
    tell({ event: "rejected", ...failureOf(error) });
  }
}

/** @returns the code with which the system ended it. */
function takeDescriptors(): string | undefined {
  for (;;) {
    try {
      descriptors.push(openSync("/dev/null", "r"));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  }
}

async function allIds(): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await state()
      .collection(entries)
      .list({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    ids.push(...page.documents.map(({ id }) => id));
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return ids.sort();
  }
}

async function obey(command: Command): Promise<object> {
  if ("open" in command) {
    const started = performance.now();
    opened = await openStateDirectory({ ...command.open, collections: [entries] });
    const { epoch, recovery } = opened;
    opened.onCondition(({ state: condition, error }) => {
      tell({ event: "condition", condition, code: error?.code });
    });
    return { epoch, recovery, tookMs: performance.now() - started };
  }
  if ("insert" in command) {
    const { prefix, count, bytes = 0 } = command.insert;
    await each(count, (number) => insert(`${prefix}-${number}`, bytes));
  } else if ("put" in command) {
    const { prefix, count, text } = command.put;
    const { epoch } = state();
    await each(count, (number) => state().collection(entries).put(`${prefix}-${number}`, { text, epoch }));
  } else if ("remove" in command) {
    const { prefix, count } = command.remove;
    await each(count, (number) => state().collection(entries).delete(`${prefix}-${number}`));
  } else if ("loopInsert" in command) {
    const { prefix, atOnce, bytes = 0 } = command.loopInsert;
    loops.push(loopInsert(prefix, atOnce, bytes));
  } else if ("loopPairs" in command) {
    loops.push(loopPairs(command.loopPairs.left, command.loopPairs.right));
  } else if ("clients" in command) {
    await Promise.all(command.clients.map(work));
  } else if ("follow" in command) {
    loops.push(follow(command.follow.since));
  } else if ("list" in command) {
    return { ids: await allIds() };
  } else if ("takeDescriptors" in command) {
    return { code: takeDescriptors() };
  } else if ("giveDescriptors" in command) {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  } else if ("checkpoint" in command) {
    await state().checkpoint();
  } else if ("close" in command) {
    await state().close();
    await Promise.all(loops.splice(0));
  } else {
    stopped = true;
    await Promise.all(loops.splice(0));
    stopped = false;
  }
  return {};
}

tell({ event: "started" });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  const name = Object.keys(command)[0];
  const started = performance.now();
  try {
    tell({ event: "done", command: name, ...(await obey(command)) });
  } catch (error) {
    tell({ event: "failed", command: name, tookMs: performance.now() - started, ...failureOf(error) });
  }
}
