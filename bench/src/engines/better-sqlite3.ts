import { join } from "node:path";
import Database from "better-sqlite3";
import type { Engine } from "../engine.js";
import type { ResponseBody } from "../workload.js";
import { Gathering } from "./gathering.js";

interface Row {
  readonly id: string;
  readonly body: ResponseBody;
}

/** One table, two secondary indexes, every commit synced: SQLite as one sets it up to lose nothing. */
function openDatabase(directory: string): { readonly database: Database; readonly insert: (row: Row) => void } {
  const database = new Database(join(directory, "responses.sqlite"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(`
    CREATE TABLE IF NOT EXISTS responses (id TEXT PRIMARY KEY, conversation TEXT, model TEXT, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS responses_by_conversation ON responses (conversation);
    CREATE INDEX IF NOT EXISTS responses_by_model ON responses (model);
  `);
  const statement = database.prepare("INSERT INTO responses (id, conversation, model, body) VALUES (?, ?, ?, ?)");
  return {
    database,
    insert: ({ id, body }) => statement.run(id, body.conversation.id, body.model, JSON.stringify(body)),
  };
}

function count(database: Database): number {
  const row = database.prepare("SELECT count(*) AS stored FROM responses").get() as { readonly stored: number };
  return row.stored;
}

export const betterSqlite3: Engine = {
  name: "better-sqlite3",
  setting: "WAL, synchronous=FULL, one transaction per insert",
  peer: true,
  blocking: true,
  open(directory) {
    const { database, insert } = openDatabase(directory);
    return Promise.resolve({
      insert: (id: string, body: ResponseBody) => {
        insert({ id, body });
        return Promise.resolve();
      },
      count: () => Promise.resolve(count(database)),
      figures: () => ({}),
      close: () => {
        database.close();
        return Promise.resolve();
      },
    });
  },
};

export const betterSqlite3Batched: Engine = {
  name: "better-sqlite3 batched",
  setting: "WAL, synchronous=FULL, the inserts of one turn of the event loop in one transaction",
  peer: true,
  blocking: true,
  open(directory) {
    const { database, insert } = openDatabase(directory);
    const insertAll = database.transaction((rows: readonly Row[]) => {
      for (const row of rows) insert(row);
    });
    let transactions = 0;
    const gathering = new Gathering<Row>((rows) => {
      insertAll(rows);
      transactions += 1;
    });
    return Promise.resolve({
      insert: (id: string, body: ResponseBody) => gathering.add({ id, body }),
      count: () => Promise.resolve(count(database)),
      figures: () => ({ transactions }),
      close: () => {
        database.close();
        return Promise.resolve();
      },
    });
  },
};
