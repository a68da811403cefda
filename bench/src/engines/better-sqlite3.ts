import { join } from "node:path";
import Database from "better-sqlite3";
import type { NamedDocument, ResponseBody } from "../documents.js";
import type { Engine, OpenEngine } from "../engine.js";
import { Gathering } from "./gathering.js";
import { groupsOf } from "./groups-of.js";

interface Row {
  readonly body: string;
}

/** One write, as it waits for its transaction. */
interface Write extends NamedDocument {
  readonly kind: "insert" | "replace";
}

const loadedPerTransaction = 10_000;

/** Who begins a transaction: each write its own, or all those of one turn of the event loop together. */
type Committing = (write: (write: Write) => void, database: Database) => (write: Write) => Promise<void>;

/** One table, two secondary indexes, every commit synced: SQLite as one sets it up to lose nothing. */
function openDatabase(directory: string, committing: Committing): OpenEngine {
  const database = new Database(join(directory, "responses.sqlite"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  // The order of creation is that of the row ids, which both the table and every index hold anyway.
  database.exec(`
    CREATE TABLE IF NOT EXISTS responses (id TEXT PRIMARY KEY, conversation TEXT, model TEXT, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS responses_by_conversation ON responses (conversation);
    CREATE INDEX IF NOT EXISTS responses_by_model ON responses (model);
  `);
  const inserting = database.prepare("INSERT INTO responses (id, conversation, model, body) VALUES (?, ?, ?, ?)");
  const replacing = database.prepare("UPDATE responses SET body = ? WHERE id = ?");
  const reading = database.prepare("SELECT body FROM responses WHERE id = ?");
  const newest = database.prepare("SELECT body FROM responses ORDER BY rowid DESC LIMIT ?");
  const ofConversation = database.prepare(
    "SELECT body FROM responses WHERE conversation = ? ORDER BY rowid DESC LIMIT ?",
  );
  const write = ({ kind, id, body }: Write): void => {
    if (kind === "insert") inserting.run(id, body.conversation.id, body.model, JSON.stringify(body));
    else replacing.run(JSON.stringify(body), id);
  };
  const commit = committing(write, database);
  return {
    insert: (id, body) => commit({ kind: "insert", id, body }),
    replace: (id, body) => commit({ kind: "replace", id, body }),
    load: (documents) => {
      const insertAll = database.transaction((group: readonly NamedDocument[]) => {
        for (const document of group) write({ kind: "insert", ...document });
      });
      for (const group of groupsOf(documents, loadedPerTransaction)) insertAll(group);
      return Promise.resolve();
    },
    get: (id) => {
      const row = reading.get(id) as Row | undefined;
      return Promise.resolve(row === undefined ? undefined : parsed(row));
    },
    lists: {
      newest: (limit) => Promise.resolve((newest.all(limit) as Row[]).map(parsed)),
      ofConversation: (conversation, limit) =>
        Promise.resolve((ofConversation.all(conversation, limit) as Row[]).map(parsed)),
    },
    count: () => {
      const row = database.prepare("SELECT count(*) AS stored FROM responses").get() as { readonly stored: number };
      return Promise.resolve(row.stored);
    },
    figures: () => ({}),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

function parsed({ body }: Row): ResponseBody {
  return JSON.parse(body) as ResponseBody;
}

export const betterSqlite3: Engine = {
  name: "better-sqlite3",
  setting: "WAL, synchronous=FULL, one transaction per write",
  kind: "embedded",
  blocking: true,
  durable: true,
  indexed: true,
  open: (directory) =>
    Promise.resolve(
      openDatabase(directory, (write) => (each) => {
        write(each);
        return Promise.resolve();
      }),
    ),
};

export const betterSqlite3Batched: Engine = {
  ...betterSqlite3,
  name: "better-sqlite3 batched",
  setting: "WAL, synchronous=FULL, the writes of one turn of the event loop in one transaction",
  open: (directory) =>
    Promise.resolve(
      openDatabase(directory, (write, database) => {
        const writeAll = database.transaction((writes: readonly Write[]) => {
          for (const each of writes) write(each);
        });
        const gathering = new Gathering<Write>(writeAll);
        return (each) => gathering.add(each);
      }),
    ),
};
