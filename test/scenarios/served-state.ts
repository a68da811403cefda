import { createHash } from "node:crypto";

type Json = Readonly<Record<string, unknown>>;

/** What a service shows of each surface, all of it: how many there are, and a digest of their content. */
export interface ServedState {
  readonly responses: Summary;
  readonly replay: Summary;
  readonly vectorStores: Summary;
  readonly attachments: Summary;
  readonly files: Summary;
}

export interface Summary {
  readonly count: number;
  readonly digest: string;
}

/** Reads everything that a service serves, by its lists and the files' contents. */
export async function readServedState(url: string): Promise<ServedState> {
  const ask = async (path: string): Promise<Json> => {
    const response = await fetch(new URL(path, url));
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Json;
  };
  const listed = async (path: string, limit = 100): Promise<Json[]> => {
    const all: Json[] = [];
    for (let after = ""; ;) {
      const page = await ask(`${path}?order=asc&limit=${limit}${after}`);
      const data = page["data"] as readonly Json[];
      all.push(...data);
      if (page["has_more"] !== true) return all;
      after = `&after=${encodeURIComponent(String(data.at(-1)?.["id"]))}`;
    }
  };
  const responses = await listed("/v1/state/responses");
  const replay: Json[] = [];
  for (let offset = 0; ; offset += 100) {
    const page = await ask(`/v1/router_replay?showDetails=true&limit=100&offset=${offset}`);
    replay.push(...(page["data"] as readonly Json[]));
    if (page["has_more"] !== true) break;
  }
  const vectorStores = await listed("/v1/vector_stores");
  const attachments: Json[] = [];
  for (const { id } of vectorStores) attachments.push(...(await listed(`/v1/vector_stores/${String(id)}/files`)));
  const files = await listed("/v1/files", 10_000);
  const contents = createHash("sha256");
  for (const { id } of files) {
    const response = await fetch(new URL(`/v1/files/${String(id)}/content`, url));
    contents.update(String(id)).update(new Uint8Array(await response.arrayBuffer()));
  }
  return {
    responses: summaryOf(responses),
    // How a record ended is what a restart may change, and the test looks at it by itself.
    replay: summaryOf(replay.map(withoutEnd)),
    vectorStores: summaryOf(vectorStores),
    attachments: summaryOf(attachments),
    files: { count: files.length, digest: `${summaryOf(files).digest} ${contents.digest("hex")}` },
  };
}

function withoutEnd({ lifecycle_state, terminal_reason, ended_at, duration_ms, ...rest }: Json): Json {
  const isOpen = lifecycle_state === "in_progress" || terminal_reason === "recovered_after_restart";
  return isOpen ? rest : { ...rest, lifecycle_state, terminal_reason, ended_at, duration_ms };
}

function summaryOf(values: readonly Json[]): Summary {
  return { count: values.length, digest: createHash("sha256").update(JSON.stringify(values)).digest("hex") };
}
