import type { StateDirectory } from "../product.js";
import { notes, type Note } from "./collections.js";

/**
 * Whatever packs and merges have made of the indexes: listing by each value gives the documents that have it, and no
 * others, in the order of all, and the numbers agree.
 *
 * @returns what does not agree.
 */
export async function checkIndexes(state: StateDirectory): Promise<string[]> {
  const problems: string[] = [];
  const collection = state.collection(notes);
  const all = (await collection.list({ limit: 1_000 })).documents;
  const counted = await collection.count();
  if (counted !== all.length) problems.push(`${all.length} notes are listed, and ${counted} are counted`);
  for (const tag of ["red", "blue"]) {
    const expected = idsOf(all.filter(({ body }) => body.tag === tag));
    const found = idsOf((await collection.list({ where: { tag }, limit: 1_000 })).documents);
    if (found !== expected) problems.push(`the ${tag} notes are ${expected}, and ${found} are listed as such`);
  }
  return problems;
}

function idsOf(documents: readonly { readonly id: string; readonly body: Note }[]): string {
  return documents.map(({ id }) => id).join(" ");
}
