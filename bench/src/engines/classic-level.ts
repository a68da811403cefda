import { join } from "node:path";
import { ClassicLevel, type Put } from "classic-level";
import type { Engine } from "../engine.js";
import type { ResponseBody } from "../workload.js";
import { Gathering } from "./gathering.js";

/** A document and its two index entries, as keys of one ordered space. */
function putsOf(id: string, body: ResponseBody): Put[] {
  return [
    { type: "put", key: `document!${id}`, value: JSON.stringify(body) },
    { type: "put", key: `conversation!${body.conversation.id}!${id}`, value: "" },
    { type: "put", key: `model!${body.model}!${id}`, value: "" },
  ];
}

async function openLevel(
  directory: string,
): Promise<{ readonly level: ClassicLevel; readonly count: () => Promise<number> }> {
  const level = new ClassicLevel(join(directory, "level"));
  await level.open();
  return {
    level,
    count: async () => {
      let stored = 0;
      for await (const key of level.keys({ gte: "document!", lt: 'document"' })) if (key !== "") stored += 1;
      return stored;
    },
  };
}

export const classicLevel: Engine = {
  name: "classic-level",
  setting: "one batch per insert, sync: true",
  peer: true,
  blocking: false,
  async open(directory) {
    const { level, count } = await openLevel(directory);
    return {
      insert: (id, body) => level.batch(putsOf(id, body), { sync: true }),
      count,
      figures: () => ({}),
      close: () => level.close(),
    };
  },
};

export const classicLevelBatched: Engine = {
  name: "classic-level batched",
  setting: "the inserts that wait for the batch before them in one batch, sync: true",
  peer: true,
  blocking: false,
  async open(directory) {
    const { level, count } = await openLevel(directory);
    let batches = 0;
    const gathering = new Gathering<readonly Put[]>(async (puts) => {
      await level.batch(puts.flat(), { sync: true });
      batches += 1;
    });
    return {
      insert: (id, body) => gathering.add(putsOf(id, body)),
      count,
      figures: () => ({ batches }),
      close: () => level.close(),
    };
  },
};
