import { expect, test } from "vitest";
import { settings } from "../../src/config/index.js";
import { storeOptionsSchema } from "../../src/store/options.js";

/** Which option of the store each setting ends up as. */
const optionOf = {
  "lock.waitMs": "waitMs",
  "lock.staleAfterMs": "staleAfterMs",
  "lock.heartbeatMs": "heartbeatMs",
  networkFileSystem: "networkFileSystem",
  "journal.checkpointBytes": "checkpointBytes",
  "journal.retainBytes": "journalRetainBytes",
  "journal.limitBytes": "journalLimitBytes",
  "packs.atDocuments": "packAtDocuments",
  "packs.looseLimit": "looseLimit",
  "packs.mergeFactor": "mergeFactor",
  "packs.mergeBytesPerSecond": "mergeBytesPerSecond",
  "packs.indexCacheBytes": "indexCacheBytes",
  "limits.documentBytes": "documentBytes",
  "limits.depth": "depth",
} as const;

test("the service and the library have the same defaults", () => {
  const options = storeOptionsSchema.parse({});
  for (const [name, option] of Object.entries(optionOf)) {
    const setting = settings.find((candidate) => candidate.name === name);
    expect({ [name]: setting?.defaultValue }).toEqual({ [name]: options[option] });
  }
});
