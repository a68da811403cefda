import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type * as nodeFileSystemModule from "../../src/files/node-file-system.js";
import type * as openStateDirectoryModule from "../../src/open-state-directory.js";
import type * as collectionsModule from "../../src/collections/index.js";
import type * as segmentNameModule from "../../src/journal/segment-name.js";
import type * as verifyModule from "../../src/store/verify.js";

/**
 * The product as it was built, so that the command and the tests explore the very code that ships, parts of it included
 * that the package does not export.
 */
const entry = pathToFileURL(createRequire(import.meta.url).resolve("holdfast"));

async function built(module: string): Promise<unknown> {
  return await import(/* @vite-ignore */ new URL(module, entry).href);
}

export const { defineCollection } = (await built("collections/index.js")) as typeof collectionsModule;
export const { openStateDirectory } = (await built("open-state-directory.js")) as typeof openStateDirectoryModule;
export const { verifyStateDirectory } = (await built("store/verify.js")) as typeof verifyModule;
export const { parseSegmentName } = (await built("journal/segment-name.js")) as typeof segmentNameModule;
export const { nodeFileSystem } = (await built("files/node-file-system.js")) as typeof nodeFileSystemModule;

export type StateDirectory = openStateDirectoryModule.StateDirectory;
export type OpenStateDirectoryOptions = openStateDirectoryModule.OpenStateDirectoryOptions;
