import type { IndexValue, ReadableCollection } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import type { OwnerOptions } from "../history/access.js";
import type { FilePurpose, StoredFile, StoredFileBody } from "./file-document.js";

/** The wire's limits of a page of files. */
export const filePageLimits = { least: 1, most: 10_000, standard: 10_000 } as const;

export interface ListFilesOptions extends OwnerOptions {
  /** Only those of this purpose. */
  readonly purpose?: FilePurpose;
  /** By creation. Default `"desc"`, the wire's default. */
  readonly order?: "asc" | "desc";
  /** 1 to 10,000. Default 10,000. */
  readonly limit?: number;
  /** Continue behind the file of this id, in the chosen order. */
  readonly after?: string;
}

export interface FilePage {
  readonly files: StoredFile[];
  readonly hasMore: boolean;
}

/**
 * Reads a page of what the caller may see. What it may not see, and what has expired, stands in between.
 *
 * @param mayName whether the caller may name the file of its cursor: what is hidden is no cursor either.
 * @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`.
 */
export async function filePage(
  collection: ReadableCollection<StoredFileBody>,
  { order = "desc", limit = filePageLimits.standard, after: behind }: ListFilesOptions,
  where: Readonly<Record<string, IndexValue>>,
  isVisible: (stored: StoredFile) => boolean,
  mayName: (stored: StoredFile) => boolean,
): Promise<FilePage> {
  if (!Number.isInteger(limit) || limit < filePageLimits.least || limit > filePageLimits.most) {
    throw new HoldfastError(
      "INVALID_CONFIG",
      `limit must be a whole number from ${filePageLimits.least} to ${filePageLimits.most}, not ${limit}.`,
    );
  }
  if (behind !== undefined) {
    const named = await collection.get(behind);
    if (named === undefined || !mayName(named)) {
      throw new HoldfastError("INVALID_CURSOR", `There is no file ${JSON.stringify(behind)} to continue behind.`, {
        details: { parameter: "after", id: behind },
      });
    }
  }
  const visible: StoredFile[] = [];
  // One more than wanted tells whether more follows.
  const atOnce = Math.min(limit + 1, filePageLimits.most);
  for (let after = behind; ;) {
    const page = await collection.list({
      where,
      order,
      limit: atOnce,
      ...(after === undefined ? {} : { after }),
    });
    visible.push(...page.documents.filter(isVisible));
    if (visible.length > limit || !page.hasMore) break;
    after = page.documents.at(-1)?.id;
  }
  return { files: visible.slice(0, limit), hasMore: visible.length > limit };
}
