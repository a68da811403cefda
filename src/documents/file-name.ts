import { idOfSafeName, safeName } from "../files/safe-name.js";

export { shardOf } from "../files/safe-name.js";

const extension = ".json";

/** The file name of a document: its id's safe name, see `files/safe-name.ts`. */
export function documentFileName(id: string): string {
  return safeName(id) + extension;
}

/** @returns the id, if the name tells it whole; `undefined` if it was shortened or is no document's name. */
export function idOfFileName(name: string): string | undefined {
  return name.endsWith(extension) ? idOfSafeName(name.slice(0, -extension.length)) : undefined;
}
