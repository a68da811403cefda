import { join } from "node:path";
import { ClassicLevel, type Put } from "classic-level";
import type { NamedDocument, ResponseBody } from "../documents.js";
import type { Engine, Indexes, OpenEngine } from "../engine.js";
import { Gathering } from "./gathering.js";
import { groupsOf } from "./groups-of.js";

const loadedPerBatch = 1_000;
/** Of a number in a key, so that keys sort as numbers do. */
const digits = 14;

type Committing = (level: ClassicLevel) => (puts: readonly Put[]) => Promise<void>;

async function openLevel(directory: string, indexes: Indexes, committing: Committing): Promise<OpenEngine> {
  const level = new ClassicLevel(join(directory, "level"));
  await level.open();
  const commit = committing(level);
  let created = await lastCreated(level);
  /** A document and its two index entries, as keys of one ordered space. */
  const putsOf = ({ id, body }: NamedDocument): Put[] => {
    created += 1;
    const order = String(created).padStart(digits, "0");
    const lists = indexes === "conversation and creation";
    return [
      { type: "put", key: `document!${id}`, value: JSON.stringify(body) },
      { type: "put", key: `conversation!${body.conversation.id}!${lists ? order : id}`, value: lists ? id : "" },
      lists
        ? { type: "put", key: `creation!${order}`, value: id }
        : { type: "put", key: `model!${body.model}!${id}`, value: "" },
    ];
  };
  const bodiesOf = async (prefix: string, limit: number): Promise<ResponseBody[]> => {
    const ids = await level.values({ gte: `${prefix}!`, lt: `${prefix}"`, reverse: true, limit }).all();
    const texts = await level.getMany(ids.map((id) => `document!${id}`));
    return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as ResponseBody]));
  };
  return {
    insert: (id, body) => commit(putsOf({ id, body })),
    replace: (id, body) => commit([{ type: "put", key: `document!${id}`, value: JSON.stringify(body) }]),
    load: async (documents) => {
      for (const group of groupsOf(documents, loadedPerBatch))
        await level.batch(group.flatMap(putsOf), { sync: false });
      // The log is one file after the other: a synced write behind the others makes those of the last file durable.
      await level.batch([{ type: "put", key: "loaded", value: "" }], { sync: true });
    },
    get: async (id) => {
      const text = await level.get(`document!${id}`);
      return text === undefined ? undefined : (JSON.parse(text) as ResponseBody);
    },
    lists: {
      newest: (limit) => bodiesOf("creation", limit),
      ofConversation: (conversation, limit) => bodiesOf(`conversation!${conversation}`, limit),
    },
    merge: () => level.compactRange("a", "z"),
    count: async () => {
      let stored = 0;
      for await (const key of level.keys({ gte: "document!", lt: 'document"' })) if (key !== "") stored += 1;
      return stored;
    },
    figures: () => ({}),
    close: () => level.close(),
  };
}

/** Where the order of creation goes on, for a store that keeps it. */
async function lastCreated(level: ClassicLevel): Promise<number> {
  const [last] = await level.keys({ gte: "creation!", lt: 'creation"', reverse: true, limit: 1 }).all();
  return last === undefined ? 0 : Number(last.slice("creation!".length));
}

export const classicLevel: Engine = {
  name: "classic-level",
  setting: "one batch per write, sync: true; compresses (Snappy)",
  kind: "embedded",
  blocking: false,
  durable: true,
  indexed: true,
  open: (directory, indexes) => openLevel(directory, indexes, (level) => (puts) => level.batch(puts, { sync: true })),
};

export const classicLevelBatched: Engine = {
  ...classicLevel,
  name: "classic-level batched",
  setting: "the writes that wait for the batch before them in one batch, sync: true; compresses (Snappy)",
  open: (directory, indexes) =>
    openLevel(directory, indexes, (level) => {
      const gathering = new Gathering<readonly Put[]>((groups) => level.batch(groups.flat(), { sync: true }));
      return (puts) => gathering.add(puts);
    }),
};
