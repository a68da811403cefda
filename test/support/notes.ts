import { z } from "zod";
import { defineCollection, type Collection } from "../../src/collections/index.js";

export interface Note {
  readonly text: string;
  readonly tag?: string | undefined;
  readonly count?: number | undefined;
}

export const noteSchema: z.ZodType<Note> = z.looseObject({
  text: z.string(),
  tag: z.string().optional(),
  count: z.number().optional(),
});

/** The collection that tests of the store write to. */
export const notes = defineCollection<Note>({ name: "notes", schema: noteSchema, indexes: { tag: { path: "tag" } } });

/** Every document of a collection, by id. */
export async function allOf<Body>(collection: Collection<Body>): Promise<Map<string, Body>> {
  const found = new Map<string, Body>();
  for (let after: string | undefined; ;) {
    const page = await collection.list({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) found.set(id, body);
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return found;
  }
}
