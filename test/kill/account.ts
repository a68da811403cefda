import { createHash } from "node:crypto";
import type { ChangeOperation, StateDirectory } from "holdfast";

/** One operation of a commit, with a digest in the place of the body. */
export interface LoggedOperation {
  readonly collection: string;
  readonly id: string;
  readonly revision: number;
  /** `null`: a deletion. */
  readonly digest: string | null;
  readonly expiresAt?: string;
  /** The operation that the body says it comes from, where it says so. */
  readonly operation?: string;
}

export interface LoggedCommit {
  readonly sequence: number;
  readonly operations: readonly LoggedOperation[];
}

export interface AccountedDocument {
  readonly collection: string;
  readonly id: string;
  readonly revision: number;
  readonly sequence: number;
  readonly digest: string;
  /** The body's member `count`, where it has one. */
  readonly count?: number;
}

export interface AccountedRecord {
  readonly id: string;
  readonly state: string;
  readonly request: string | undefined;
  readonly response: string | undefined;
}

/** Everything a directory says of itself, as of one moment. */
export interface Account {
  /** The newest commit when it was taken. */
  readonly sequence: number;
  /** Every commit behind the number that was asked for. */
  readonly commits: readonly LoggedCommit[];
  readonly documents: readonly AccountedDocument[];
  /** By id, the SHA-256 of the bytes as they were read. */
  readonly files: Readonly<Record<string, string>>;
  readonly records: readonly AccountedRecord[];
  /** How many records the replay surface counts, without looking at them. */
  readonly recordCount: number;
  /** Milliseconds since 1970 before the first look and after the last: documents expire meanwhile. */
  readonly takenFrom: number;
  readonly takenUntil: number;
}

/** The store's own upkeep may commit between two looks; so often in a row it does not. */
const mostAttempts = 100;
const digestLength = 16;

/** Tells two bodies apart. The order of members is part of it: a body is kept as it was given. */
export function digestOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, digestLength);
}

/**
 * Takes an account of a directory that nobody else writes to meanwhile: its history behind `since`, and every document
 * as it is read from wherever it lies.
 */
export async function accountOf(state: StateDirectory, since: number): Promise<Account> {
  for (let attempt = 1; ; attempt += 1) {
    const sequence = state.lastSequence;
    const takenFrom = Date.now();
    const documents = await documentsOf(state);
    const files = await filesOf(state);
    const { records, total } = await recordsOf(state);
    const account: Account = {
      sequence,
      commits: await commitsOf(state, since, sequence),
      documents,
      files,
      records,
      recordCount: total,
      takenFrom,
      takenUntil: Date.now(),
    };
    if (state.lastSequence === sequence) return account;
    if (attempt >= mostAttempts) throw new Error("The directory does not come to rest: no account can be taken.");
  }
}

async function commitsOf(state: StateDirectory, since: number, until: number): Promise<LoggedCommit[]> {
  const commits: LoggedCommit[] = [];
  if (until <= since) return commits;
  for await (const { sequence, operations } of state.changes({ since })) {
    commits.push({ sequence, operations: operations.map(logged) });
    if (sequence >= until) break;
  }
  return commits;
}

function logged(change: ChangeOperation): LoggedOperation {
  const { collection, id, revision } = change;
  if (change.type === "delete") return { collection, id, revision, digest: null };
  const { operation } = change.body as { readonly operation?: unknown };
  return {
    collection,
    id,
    revision,
    digest: digestOf(change.body),
    ...(change.expiresAt === undefined ? {} : { expiresAt: change.expiresAt }),
    ...(typeof operation === "string" ? { operation } : {}),
  };
}

async function documentsOf(state: StateDirectory): Promise<AccountedDocument[]> {
  const documents: AccountedDocument[] = [];
  for (const name of state.collectionNames()) {
    const collection = state.collectionNamed(name);
    if (collection === undefined) throw new Error(`The collection ${name} is named, and is not there.`);
    for (let after: string | undefined; ;) {
      const page = await collection.list({ limit: 1_000, ...(after === undefined ? {} : { after }) });
      for (const { id, revision, sequence, body } of page.documents) {
        const { count } = body as { readonly count?: unknown };
        const digest = digestOf(body);
        documents.push({
          collection: name,
          id,
          revision,
          sequence,
          digest,
          ...(typeof count === "number" ? { count } : {}),
        });
      }
      after = page.documents.at(-1)?.id;
      if (!page.hasMore) break;
    }
  }
  return documents;
}

async function filesOf(state: StateDirectory): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const { id } of (await state.files.list()).files) {
    const content = await state.files.content(id);
    if (content === undefined) throw new Error(`The file ${id} is listed, and can not be read.`);
    const hash = createHash("sha256");
    for await (const piece of content.bytes) hash.update(piece as Uint8Array);
    digests[id] = hash.digest("hex");
  }
  return digests;
}

async function recordsOf(state: StateDirectory): Promise<{ records: AccountedRecord[]; total: number }> {
  const records: AccountedRecord[] = [];
  for await (const { record } of state.replay.export()) {
    const { id, lifecycle_state, request_body: request, response_body: response } = record;
    records.push({ id, state: lifecycle_state, request, response });
  }
  return { records, total: (await state.replay.aggregate()).recordCount };
}
