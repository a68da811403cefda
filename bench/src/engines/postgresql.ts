import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Pool } from "pg";
import type { NamedDocument, ResponseBody } from "../documents.js";
import type { Engine, Indexes, OpenEngine } from "../engine.js";
import { findProgram } from "./find-program.js";
import { groupsOf } from "./groups-of.js";
import { ServerProcess } from "./server-process.js";

const loadedPerStatement = 1_000;
/** More than the processors of a common machine can serve; what arrives beyond waits in the pool. */
const connections = 32;

interface Account {
  readonly uid: number;
  readonly gid: number;
}

function openingProblem(): string | undefined {
  if (findProgram("initdb") === undefined) return "PostgreSQL (initdb) is not installed";
  if (process.getuid?.() === 0 && unprivileged() === undefined) {
    return "PostgreSQL does not run as root, and there is no account postgres or nobody to run it as";
  }
  return undefined;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): Account | undefined {
  for (const name of ["postgres", "nobody"]) {
    const number = (flag: string): number => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout || "x");
    const account = { uid: number("-u"), gid: number("-g") };
    if (Number.isInteger(account.uid) && Number.isInteger(account.gid)) return account;
  }
  return undefined;
}

/** A cluster of its own in `directory`, reached through a socket there. */
async function startPostgresql(directory: string): Promise<{ readonly server: ServerProcess; readonly pool: Pool }> {
  const initdb = findProgram("initdb");
  if (initdb === undefined) throw new Error(openingProblem());
  const folder = join(directory, "postgresql");
  const data = join(folder, "data");
  const account = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (!existsSync(data)) {
    // The account must be able to pass through, not to see, the directory that was made for this user alone.
    if (account !== undefined) chmodSync(directory, 0o711);
    mkdirSync(folder, { recursive: true });
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    const args = ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale"];
    const made = spawnSync(initdb, args, { ...account, cwd: folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`, { cause: made.error });
  }
  const settings = ["listen_addresses=", "shared_buffers=512MB", "max_wal_size=4GB"];
  const program = findProgram("postgres") ?? join(dirname(initdb), "postgres");
  const server = new ServerProcess(
    program,
    ["-D", data, "-k", folder, ...settings.flatMap((setting) => ["-c", setting])],
    { ...account, cwd: folder },
  );
  const pool = new Pool({ host: folder, user: "bench", database: "postgres", max: connections });
  // A connection that breaks while idle is said here; one in use also rejects its query.
  pool.on("error", () => undefined);
  await server.ready(() => pool.query({ text: "SELECT 1" }));
  return { server, pool };
}

async function createTable(pool: Pool, indexes: Indexes): Promise<void> {
  await pool.query({
    text: `
      CREATE TABLE IF NOT EXISTS responses (
        id text PRIMARY KEY, created bigint GENERATED ALWAYS AS IDENTITY, conversation text, model text, body json NOT NULL
      );
      CREATE INDEX IF NOT EXISTS responses_by_conversation ON responses (conversation, created);
      CREATE INDEX IF NOT EXISTS responses_by_other ON responses (${
        indexes === "conversation and creation" ? "created" : "model"
      });`,
  });
}

/** Statements have names, so that each connection prepares them once. */
function openTable({ server, pool }: { readonly server: ServerProcess; readonly pool: Pool }): OpenEngine {
  const run = async (name: string, text: string, values: readonly unknown[]): Promise<ResponseBody[]> => {
    const { rows } = await pool.query({ name, text, values });
    return rows.map((row) => row["body"] as ResponseBody);
  };
  return {
    serverProcess: server.pid,
    insert: async (id, body) => {
      await run("insert", "INSERT INTO responses (id, conversation, model, body) VALUES ($1, $2, $3, $4)", [
        ...columnsOf({ id, body }),
      ]);
    },
    replace: async (id, body) => {
      await run("replace", "UPDATE responses SET body = $2 WHERE id = $1", [id, JSON.stringify(body)]);
    },
    load: async (documents) => {
      for (const group of groupsOf(documents, loadedPerStatement)) {
        const rows = group.map(columnsOf);
        await run(
          "load",
          `INSERT INTO responses (id, conversation, model, body)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::json[])`,
          [0, 1, 2, 3].map((column) => rows.map((row) => row[column])),
        );
      }
      await pool.query({ text: "VACUUM ANALYZE responses" });
    },
    get: async (id) => (await run("get", "SELECT body FROM responses WHERE id = $1", [id]))[0],
    lists: {
      newest: (limit) => run("newest", "SELECT body FROM responses ORDER BY created DESC LIMIT $1", [limit]),
      ofConversation: (conversation, limit) =>
        run("conversation", "SELECT body FROM responses WHERE conversation = $1 ORDER BY created DESC LIMIT $2", [
          conversation,
          limit,
        ]),
    },
    count: async () => {
      const { rows } = await pool.query({ text: "SELECT count(*)::int AS stored FROM responses" });
      return Number(rows[0]?.["stored"]);
    },
    figures: () => ({}),
    close: async () => {
      await pool.end();
      await server.stop("SIGINT");
    },
  };
}

function columnsOf({ id, body }: NamedDocument): readonly string[] {
  return [id, body.conversation.id, body.model, JSON.stringify(body)];
}

export const postgresql: Engine = {
  name: "PostgreSQL",
  setting: `fsync and synchronous_commit on, shared_buffers 512 MB, Unix socket, ${connections} connections, prepared statements; one row per document, body as json`,
  kind: "server",
  blocking: false,
  durable: true,
  indexed: true,
  largestStore: 100_000,
  unavailable: openingProblem,
  async open(directory, indexes) {
    const started = await startPostgresql(directory);
    await createTable(started.pool, indexes);
    return openTable(started);
  },
};
