import { z } from "zod";
import type { BlobNaming } from "../backup/backup-blobs.js";
import { filesCollection } from "../surfaces/files/index.js";

/** As much of a file's record as says which bytes are its own: looked at in whatever schema version it was stored. */
const fileBytesSchema = z.looseObject({
  file: z.looseObject({ id: z.string(), bytes: z.int(), sha256: z.string().optional(), status: z.string().optional() }),
});

/** Which documents name bytes: uploaded files, but for those whose bytes are known to be lost. */
export const fileBytes: BlobNaming = new Map([
  [
    filesCollection.name,
    (body) => {
      const parsed = fileBytesSchema.safeParse(body);
      if (!parsed.success || parsed.data.file.status === "error") return undefined;
      const { id, bytes, sha256 } = parsed.data.file;
      return { id, size: bytes, sha256 };
    },
  ],
]);
