import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Startup } from "holdfast";
import { z } from "zod";
import { PhraseGuard, type OutputGuard } from "../turns/output-guard.js";
import { ModelFolder, type Model } from "./model-folder.js";
import { prepareModels } from "./prepare-models.js";

export interface ModelSource {
  /** Where the files are; absent: there are none, and nothing is checked or downloaded. */
  readonly url: string | undefined;
  /** Where they are kept; absent: in a temporary folder, for this start alone. */
  readonly directory: string | undefined;
}

/** What a router has in memory once its models are loaded. */
export interface RouterModels {
  readonly guard: OutputGuard;
}

const guardFile = "output-guard.json";
/** The files a router loads. The second one stands for the weights of an embedding model. */
const files = [guardFile, "embedding.bin"];
const guardSchema = z.looseObject({ blocked: z.array(z.string().min(1)) });

/** Has every model ready to use, and reports the phases `checking_models` to `initializing_models`. */
export async function openModels(startup: Startup, { url, directory }: ModelSource): Promise<RouterModels> {
  const temporary = directory === undefined ? await mkdtemp(join(tmpdir(), "router-models-")) : undefined;
  try {
    const folder = new ModelFolder(directory ?? temporary ?? "");
    const models = url === undefined ? [] : files.map((name): Model => ({ name, url: `${url}/${name}` }));
    await prepareModels(startup, folder, models);
    const guard = models.find(({ name }) => name === guardFile);
    if (guard === undefined) return { guard: new PhraseGuard([]) };
    const { blocked } = guardSchema.parse(JSON.parse((await folder.read(guard)).toString("utf8")));
    return { guard: new PhraseGuard(blocked) };
  } finally {
    // What the router needs of them is in memory.
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}
