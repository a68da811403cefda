import type { Store } from "../../collections/index.js";
import { filesCollection, type StoredFile } from "./file-document.js";

const dayMs = 24 * 60 * 60 * 1000;
const filesPerPage = 1_000;
/** Days looked at before the oldest file's, in case its creation was stamped by a clock that ran ahead. */
const daysOfDoubt = 366;

/** @param now milliseconds since 1970. */
export function isExpired({ body: { file } }: StoredFile, now: number): boolean {
  return file.expires_at !== undefined && file.expires_at * 1000 <= now;
}

/** @param seconds since 1970. @returns the UTC day. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** The files that have expired. Gathered before any is removed: a page can not be continued behind one that is gone. */
export async function expiredFiles(store: Store, now: number): Promise<string[]> {
  const files = store.collection(filesCollection);
  const [oldest] = (await files.list({ limit: 1 })).documents;
  if (oldest === undefined) return [];
  const expired: string[] = [];
  const first = Math.min(Date.parse(oldest.createdAt), now) - daysOfDoubt * dayMs;
  for (let day = Math.floor(first / dayMs); day <= Math.floor(now / dayMs); day += 1) {
    const where = { expires_on: dayOf((day * dayMs) / 1000) };
    let after: string | undefined;
    for (;;) {
      const page = await files.list({ where, limit: filesPerPage, ...(after === undefined ? {} : { after }) });
      for (const stored of page.documents) if (isExpired(stored, now)) expired.push(stored.id);
      after = page.documents.at(-1)?.id;
      if (!page.hasMore) break;
    }
  }
  return expired;
}
