import type OpenAI from "openai";
import { orAbsent } from "../../drill/readings/or-absent.js";
import { request } from "../../drill/service.js";

/** Sends a request of the service's own kind. Its end becomes a `CutOffError`, as with the calls of the official client. */
export function call<Reply>(
  client: OpenAI,
  method: "get" | "post" | "put" | "patch" | "delete",
  path: string,
  body?: object,
): Promise<Reply> {
  return request(() => client[method]<Reply>(path, body === undefined ? {} : { body }));
}

/** @returns `undefined` if there is no such thing. */
export function readOrAbsent<Reply>(client: OpenAI, path: string): Promise<Reply | undefined> {
  return orAbsent(() => call<Reply>(client, "get", path));
}
