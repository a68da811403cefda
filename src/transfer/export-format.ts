import { z } from "zod";

/**
 * The form of an export: JSON Lines in UTF-8, each line ended by a line feed. `docs/transfer.md` describes it for others.
 *
 *     header  blob*  document*  trailer
 *
 * The members named here keep their meaning for ever; later versions may add some, and change what stands here only
 * under another `version`.
 */
export const exportFormat = "holdfast-export";
export const exportVersion = 1;

/** How many bytes of a blob one line holds, before Base64. A multiple of three, so that only the last line is padded. */
export const blobPartBytes = 192 * 1024;

export const exportHeaderSchema = z.looseObject({
  format: z.literal(exportFormat),
  version: z.int().min(1),
  storeId: z.string(),
  /** The commit that the export is of: everything up to it, and nothing later. */
  sequence: z.int().min(0),
  exportedAt: z.string(),
  createdBy: z.string(),
  /** The collections that are in it, sorted. */
  collections: z.array(z.string()),
  /** Whether those are all that the store had. */
  whole: z.boolean(),
  /** Whether the bytes of files are in it. */
  files: z.boolean(),
});
export type ExportHeader = z.infer<typeof exportHeaderSchema>;

/** A piece of the bytes that documents name. The pieces of one blob follow each other; the last says `end`. */
export const exportBlobSchema = z.looseObject({
  blob: z.string(),
  /** Where the piece begins. */
  offset: z.int().min(0),
  data: z.base64(),
  /** Only with the last piece: of the whole. */
  end: z.looseObject({ size: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
});
export type ExportBlob = z.infer<typeof exportBlobSchema>;

export const exportDocumentSchema = z.looseObject({
  collection: z.string(),
  id: z.string(),
  revision: z.int().min(1),
  sequence: z.int().min(0),
  createdAt: z.string(),
  updatedAt: z.string(),
  expiresAt: z.iso.datetime().optional(),
  schemaVersion: z.int().min(1),
  body: z.unknown().refine((body) => body !== undefined, "is required"),
});
export type ExportDocument = z.infer<typeof exportDocumentSchema>;

export const exportTrailerSchema = z.looseObject({
  /** How many lines stand before this one. */
  end: z.int().min(1),
  documents: z.record(z.string(), z.int()),
  blobs: z.int().min(0),
  /** SHA-256 over every byte before this line. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ExportTrailer = z.infer<typeof exportTrailerSchema>;

/** The line of a document. The body goes in as the text it is stored as, never re-printed: numbers keep their digits. */
export function documentLine(head: Omit<ExportDocument, "body">, body: string): string {
  return `${JSON.stringify(head).slice(0, -1)},"body":${body}}\n`;
}
