import { z } from "zod";
import { defineCollection, type Store } from "../../collections/index.js";

/**
 * An import that is under way: written before its first document and removed after its last. Found by a later import of
 * the same input, it says that ids which are taken are taken by that import itself: so it can go on, instead of being
 * refused for what it did.
 */
export const importMarkSchema = z.looseObject({ begun_at: z.string() });
type ImportMark = z.infer<typeof importMarkSchema>;

/** Named by the SHA-256 of the input. */
export const importMarks = defineCollection<ImportMark>({ name: "imports", schema: importMarkSchema });

export async function isUnderWay(store: Store, sha256: string): Promise<boolean> {
  return (await store.collection(importMarks).get(sha256)) !== undefined;
}

export async function beginImport(store: Store, sha256: string, now: number): Promise<void> {
  await store.collection(importMarks).put(sha256, { begun_at: new Date(now).toISOString() });
}

export async function endImport(store: Store, sha256: string): Promise<void> {
  await store.collection(importMarks).delete(sha256);
}
