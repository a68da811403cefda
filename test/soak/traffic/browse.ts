import type OpenAI from "openai";
import { request } from "../../drill/service.js";

/** What an operator's page and a dashboard ask for again and again. */
const paths = [
  "/v1/state/responses?limit=50",
  "/v1/state/conversations?limit=50",
  "/v1/files?limit=50",
  "/v1/vector_stores?limit=50",
  "/v1/router_replay?limit=50&showDetails=true",
  "/v1/router_replay/aggregate",
  "/v1/router_replay/export",
  "/v1/operator/storage",
  "/readyz",
  "/metrics",
];

/** Asks for one of the lists, with plain `fetch`, and reads it to its end. @throws Error for anything but a 200 */
export async function browse(client: OpenAI, turn: number): Promise<void> {
  const path = paths[turn % paths.length] ?? "/readyz";
  await request(async () => {
    const reply = await fetch(new URL(path, client.baseURL), { headers: { authorization: "Bearer soak" } });
    const text = await reply.text();
    if (reply.status !== 200) throw new Error(`GET ${path}: ${reply.status} ${text}`);
  });
}
