import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readBackupList } from "../../src/backup/backup-list.js";
import { HoldfastError, isHoldfastError } from "../../src/errors.js";
import { isSealed, sealJson, unsealJson } from "../../src/files/sealed-json.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { readClaim } from "../../src/locking/claim.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { befall, fuzzing, mishaps } from "./fuzzing.js";

const someObject = fc
  .dictionary(
    fc.string().filter((name) => name !== "checksum" && name !== "__proto__"),
    fc.jsonValue(),
  )
  .map((members) => ({ first: 1, ...members }));

test("whatever happens to a sealed file, it is read as it was written or refused as damaged", () => {
  fc.assert(
    fc.property(someObject, mishaps, (content, happened) => {
      const original = sealJson(content);
      const after = befall(original, happened);
      expect(isSealed(after)).toBe(after.equals(original));
      if (after.equals(original)) {
        expect(unsealJson(after, "a.json")).toMatchObject(JSON.parse(JSON.stringify(content)) as object);
        return;
      }
      expect(() => unsealJson(after, "a.json")).toThrow(HoldfastError);
    }),
    fuzzing("sealed files", 3_000),
  );
});

const list = {
  format: 1,
  kind: "holdfast-backup",
  storeId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  sequence: 4,
  startedAt: "2026-03-01T12:00:00.000Z",
  finishedAt: "2026-03-01T12:00:01.000Z",
  createdBy: "holdfast 0.1.0",
  source: { directory: "/state", host: "a" },
  documents: { notes: 1 },
  blobs: 0,
  damage: [],
  files: [{ path: "manifest.json", size: 3, sha256: "0".repeat(64) }],
};
const anyPath = fc
  .array(fc.constantFrom("..", ".", "", "a", "journal", "\\", "\0", "C:", "~"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("/"));
const changedList = fc.oneof(
  fc.record({
    ...asConstants(list),
    files: fc.array(fc.record({ path: anyPath, size: fc.nat(), sha256: fc.constant("0".repeat(64)) })),
  }),
  fc.tuple(fc.constantFrom(...Object.keys(list)), fc.jsonValue()).map(([name, value]) => ({ ...list, [name]: value })),
);

function asConstants(members: typeof list): { [Name in keyof typeof list]: fc.Arbitrary<unknown> } {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, fc.constant(value)])) as unknown as {
    [Name in keyof typeof list]: fc.Arbitrary<unknown>;
  };
}

test("a backup's list, damaged or forged, is refused typed, or names only places within the backup", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "backup.json");
  const bytes = fc.oneof(
    changedList.map((content) => sealJson(content)),
    mishaps.map((happened) => befall(sealJson(list), happened)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (written) => {
      const fileSystem = overlaidFiles(new Map([[path, written]]));
      try {
        const { files } = await readBackupList(fileSystem, folder.path);
        for (const { path: named } of files) {
          expect(join(folder.path, named).startsWith(`${folder.path}/`)).toBe(true);
          expect(named.split("/")).not.toContain("..");
          expect(named).not.toContain("\0");
        }
      } catch (error) {
        if (!isHoldfastError(error, "CORRUPT") && !isHoldfastError(error, "UNSUPPORTED_FORMAT")) throw error;
      }
    }),
    fuzzing("the list of a backup", 1_000),
  );
  expect(await nodeFileSystem.readDirectory(folder.path)).toEqual([]);
});

test("a claim, damaged or forged, is read or called damaged, never believed in part", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "00000001");
  const claim = {
    format: 1,
    storeId: null,
    epoch: 1,
    pid: 1,
    processStart: null,
    pidNamespace: null,
    bootId: null,
    host: "a",
    claimedAt: "2026-03-01T12:00:00.000Z",
    socket: null,
  };
  const bytes = fc.oneof(
    fc
      .tuple(fc.constantFrom(...Object.keys(claim)), fc.jsonValue())
      .map(([name, value]) => sealJson({ ...claim, [name]: value })),
    mishaps.map((happened) => befall(sealJson(claim), happened)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (written) => {
      const read = await readClaim(overlaidFiles(new Map([[path, written]])), folder.path, 1);
      if (read === "damaged") return;
      expect([typeof read?.pid, typeof read?.host, typeof read?.epoch]).toEqual(["number", "string", "number"]);
    }),
    fuzzing("claims", 1_000),
  );
});
