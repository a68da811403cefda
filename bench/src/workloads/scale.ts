import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { killWhileWriting } from "../cells/killed-writer.js";
import { makeDirectory, removeDirectory } from "../cells/temporary-directory.js";
import type { EngineName } from "../engines/index.js";
import type { Figures } from "../figures.js";
import { diskUse } from "./disk-use.js";

const suited: readonly EngineName[] = [
  "holdfast",
  "better-sqlite3",
  "lmdb-json",
  "classic-level",
  "redis",
  "postgresql",
  "files",
  "lowdb",
];
const documentBytes = 1024;
const writersToKill = 64;
/** More than any writer comes to before it is killed, so that no index is written twice. */
const indexesPerKill = 10_000_000;

/**
 * For each size of store: fills one per engine, weighs it before and after merging, opens it, reads it, and opens it
 * again after a process was killed while it wrote.
 */
export async function scaleWorkload(bench: Bench): Promise<void> {
  for (const documents of bench.options.documents) {
    const stores = new Map<EngineName, Store>();
    try {
      await measureStores(bench, documents, stores);
    } finally {
      for (const { directory } of stores.values()) await removeDirectory(directory);
    }
  }
}

interface Store {
  readonly directory: string;
  /** How many documents are known to be in it. */
  stored: number;
  kills: number;
}

async function measureStores(bench: Bench, documents: number, stores: Map<EngineName, Store>): Promise<void> {
  const { options } = bench;
  const plan = { seed: options.seed, documentBytes, conversations: Math.max(200, Math.ceil(documents / 20)) };
  const setup = { documents };
  const storeOf = (engine: EngineName): Store => {
    const store = stores.get(engine);
    if (store === undefined) throw new Error(`There is no store of ${engine}.`);
    return store;
  };

  const names = await bench.enginesFor(suited, documents);
  const fill = async (engine: EngineName): Promise<Figures> => {
    const directory = await makeDirectory(options.directory);
    stores.set(engine, { directory, stored: documents, kills: 0 });
    const loaded = await runCell("load", { ...plan, engine, directory, documents });
    const before = await diskUse(directory);
    const merged = await runCell("merge", { engine, directory });
    const after = await diskUse(directory);
    return { ...loaded, ...merged, ...prefixed("loaded", before), ...prefixed("merged", after) };
  };
  await bench.alternate("store", setup, names, fill, "load", 1);

  const filled = names.filter((name) =>
    bench.measurements.some(
      (each) => each.table === "store" && each.engine === name && each.setup["documents"] === documents,
    ),
  );
  const open = async (engine: EngineName): Promise<Figures> => {
    const store = storeOf(engine);
    const { directory, stored: expected } = store;
    const figures = await runCell("open", { ...plan, engine, directory, documents, expected });
    store.stored = figures["stored"] ?? expected;
    return figures;
  };
  await bench.alternate("open clean", setup, filled, open, "openAndRead");

  if (options["read-documents"].includes(documents)) {
    const { readers, "read-seconds": seconds } = options;
    const read = (engine: EngineName): Promise<Figures> =>
      runCell("read", { ...plan, engine, directory: storeOf(engine).directory, documents, readers, seconds });
    await bench.alternate("read", setup, filled, read, `pointBy${readers[0] ?? 1}`);
  }

  const killAndOpen = async (engine: EngineName): Promise<Figures> => {
    const store = storeOf(engine);
    store.kills += 1;
    const firstIndex = documents + store.kills * indexesPerKill;
    const written = { ...plan, engine, directory: store.directory, firstIndex, writers: writersToKill };
    const acknowledged = await killWhileWriting(written, options["kill-after"]);
    store.stored += acknowledged;
    return { ...(await open(engine)), acknowledged };
  };
  await bench.alternate("open killed", setup, filled, killAndOpen, "openAndRead");
}

function prefixed(prefix: string, use: Awaited<ReturnType<typeof diskUse>>): Figures {
  return {
    [`${prefix}Bytes`]: use.bytes,
    [`${prefix}ApparentBytes`]: use.apparentBytes,
    [`${prefix}Files`]: use.files,
    [`${prefix}Inodes`]: use.inodes,
  };
}
