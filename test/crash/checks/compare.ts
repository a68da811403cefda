import type { Collection } from "../../../src/collections/index.js";
import type { StateDirectory } from "../product.js";
import type { Expected, ExpectedDocument } from "./truth.js";

/** What a collection shows, in the form in which it is expected. */
async function shown(collection: Collection<unknown>): Promise<Map<string, ExpectedDocument>> {
  const found = new Map<string, ExpectedDocument>();
  for (let after: string | undefined; ;) {
    const page = await collection.list({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const { id, revision, sequence, body } of page.documents)
      found.set(id, { revision, sequence, body: JSON.stringify(body), expiresAtMs: undefined });
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return found;
  }
}

export interface Comparison {
  /** Commits up to here are compared; what later ones did is taken as it is. */
  readonly upTo: number;
  /** The clock: what has expired by then may be hidden. */
  readonly now: number;
}

/**
 * Compares everything a state directory shows with what must be there.
 *
 * @returns what does not agree, in words.
 */
export async function differences(
  state: StateDirectory,
  expected: Expected,
  { upTo, now }: Comparison,
): Promise<string[]> {
  const problems: string[] = [];
  const missing: { readonly name: string; readonly id: string }[] = [];
  for (const name of new Set([...state.collectionNames(), ...expected.keys()])) {
    const wanted = expected.get(name) ?? new Map<string, ExpectedDocument>();
    const collection = state.collectionNamed(name);
    const found = collection === undefined ? new Map<string, ExpectedDocument>() : await shown(collection);
    for (const [id, document] of found) {
      const { revision, sequence, body } = document;
      if (sequence > upTo) continue;
      const right = wanted.get(id);
      if (right === undefined) problems.push(`${name}/${id} is there (commit ${sequence}), and must not be`);
      else if (right.revision !== revision || right.sequence !== sequence)
        problems.push(
          `${name}/${id} is at revision ${revision} of commit ${sequence}, and must be at ${right.revision} of ${right.sequence}`,
        );
      else if (right.body !== body) problems.push(`${name}/${id} has another body than commit ${sequence} gave it`);
    }
    for (const [id, { expiresAtMs }] of wanted) {
      if (found.has(id) || (expiresAtMs !== undefined && expiresAtMs <= now)) continue;
      missing.push({ name, id });
    }
  }
  if (missing.length === 0) return problems;
  // Opening may have gone on with work that a crash interrupted, and deleted something by a commit of its own.
  const deleted = state.mode === "writer" ? await deletedSince(state, upTo) : new Set<string>();
  for (const { name, id } of missing) if (!deleted.has(`${name}/${id}`)) problems.push(`${name}/${id} is missing`);
  return problems;
}

async function deletedSince(state: StateDirectory, since: number): Promise<ReadonlySet<string>> {
  const deleted = new Set<string>();
  if (state.lastSequence <= since) return deleted;
  for await (const { sequence, operations } of state.changes({ since })) {
    for (const { type, collection, id } of operations) if (type === "delete") deleted.add(`${collection}/${id}`);
    if (sequence >= state.lastSequence) break;
  }
  return deleted;
}
