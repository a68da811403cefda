import type { Document, IndexValue, ReadableCollection } from "../../collections/index.js";
import { assertPageOptions, pageLimits, type PageOptions } from "./page-options.js";

export interface VisiblePageOptions extends PageOptions {
  readonly order?: "asc" | "desc";
}

export interface VisiblePage<Body> {
  readonly documents: Document<Body>[];
  readonly hasMore: boolean;
}

/**
 * Reads a page of what the caller may see. What it may not see stands in between, so pages are read until enough is
 * together; whether more follows is asked of what can be seen, too.
 *
 * @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`.
 */
export async function visiblePage<Body>(
  collection: ReadableCollection<Body>,
  options: VisiblePageOptions,
  where: Readonly<Record<string, IndexValue>>,
  isVisible: (document: Document<Body>) => boolean | Promise<boolean>,
): Promise<VisiblePage<Body>> {
  assertPageOptions(options);
  const { order = "desc", limit = pageLimits.standard } = options;
  const isBackwards = options.before !== undefined;
  let { after, before } = options;
  const visible: Document<Body>[] = [];
  for (;;) {
    const page = await collection.list({
      where,
      order,
      // One more than wanted tells whether more follows.
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
      ...(before === undefined ? {} : { before }),
    });
    const found: Document<Body>[] = [];
    for (const document of page.documents) {
      if (await isVisible(document)) found.push(document);
    }
    if (isBackwards) visible.unshift(...found);
    else visible.push(...found);
    if (visible.length > limit || !page.hasMore) break;
    if (isBackwards) before = page.documents[0]?.id;
    else after = page.documents.at(-1)?.id;
  }
  const documents = isBackwards ? visible.slice(-limit) : visible.slice(0, limit);
  return { documents, hasMore: visible.length > limit };
}
