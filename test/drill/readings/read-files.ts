import type OpenAI from "openai";
import { request } from "../service.js";
import { allOf } from "./all-of.js";
import { orAbsent } from "./or-absent.js";

/** Small, so that long lists are walked by their cursors. */
const filesPerPage = 20;

/** Reads what the router says of a file. @returns `undefined` if there is none. */
export function readFile(client: OpenAI, id: string): Promise<OpenAI.FileObject | undefined> {
  return orAbsent(() => request(() => client.files.retrieve(id)));
}

/** Downloads a file. @returns `undefined` if there is none. */
export function readContent(client: OpenAI, id: string): Promise<Buffer | undefined> {
  return orAbsent(() => request(async () => Buffer.from(await (await client.files.content(id)).arrayBuffer())));
}

/** Every file there is, newest first. */
export function listFiles(client: OpenAI): Promise<OpenAI.FileObject[]> {
  return request(() => allOf(() => client.files.list({ limit: filesPerPage, order: "desc" })));
}
