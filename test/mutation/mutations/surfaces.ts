import type { Mutation } from "../mutation.js";

/** Bugs in what the surfaces and the backup build on the store. */
export const surfaceMutations: readonly Mutation[] = [
  {
    name: "file-record-before-its-bytes",
    bug: "A file is recorded before its bytes are stored.",
    file: "src/surfaces/files/files.ts",
    find: "    const blob = await this.#blobs.write(id, bytes, { limitBytes: this.limitBytes, signal });\n",
    replace: `    const pieces: Uint8Array[] = [];
    for await (const piece of bytes) pieces.push(piece);
    const whole = Buffer.concat(pieces);
    const sha256 = process.getBuiltinModule("node:crypto").createHash("sha256").update(whole).digest("hex");
    const blob = { id, size: whole.length, sha256 };
    if (given.afterBytes === undefined) {
      await this.#record(blob, checkUpload(given, this.#formats), given);
      await this.#blobs.write(id, asStream(whole), { signal });
      const early = await this.#store.collection(filesCollection).get(id);
      if (early !== undefined) return early;
    }
    await this.#blobs.write(id, asStream(whole), { limitBytes: this.limitBytes, signal });
`,
    tests: ["test/surfaces/files-crash.test.ts"],
  },
  {
    name: "file-bytes-not-compared-with-their-hash",
    bug: "Damaged bytes of a file are delivered as if they were whole.",
    file: "src/surfaces/files/verified-bytes.ts",
    find: 'if (this.#hash.digest("hex") === this.#file.sha256) done(null, this.#held);',
    replace: 'if (this.#hash.digest("hex") !== "") done(null, this.#held);',
    tests: ["test/surfaces/files.test.ts"],
  },
  {
    name: "file-bytes-removed-before-their-record",
    bug: "The bytes of a file are removed before its record is.",
    file: "src/surfaces/files/removal.ts",
    find: "  const removed = await removingTransaction(",
    replace: "  await parts.blobs.remove(id);\n  const removed = await removingTransaction(",
    tests: ["test/surfaces/files-crash.test.ts"],
  },
  {
    name: "replay-counters-outside-the-transaction",
    bug: "Records of the replay are committed first, and what they add up to afterwards.",
    file: "src/surfaces/replay/combined-operations.ts",
    find: "      await batch.settle();\n      return { outcomes, retired };\n    });\n",
    replace: `      return { outcomes: Object.assign(outcomes, { batch }), retired };
    });
    await this.#store.transaction(async (transaction) => {
      Object.assign(outcomes.batch, { transaction });
      await outcomes.batch.settle();
    });
`,
    tests: ["test/surfaces/replay-commits.test.ts"],
  },
  {
    name: "vector-store-intent-not-noted",
    bug: "The vector backend is asked before it is durably noted what for.",
    file: "src/surfaces/vector-stores/intents.ts",
    find: "    await transaction.collection(intentsCollection).put(id, { ...intent, attempts: 0 });\n",
    replace: "    await transaction.collection(intentsCollection).get(id);\n",
    tests: ["test/surfaces/vector-stores-recovery.test.ts"],
  },
  {
    name: "idempotency-key-forgotten",
    bug: "A call that is repeated under one key is carried out twice.",
    file: "src/surfaces/idempotency/once.ts",
    find: "  await keys.insert(id, { request, created });\n",
    replace: "  await keys.get(`${id}${request}`);\n",
    tests: ["test/surfaces/files.test.ts"],
  },
  {
    name: "backup-list-first",
    bug: "A backup has its list before its files: cut short, it passes for a whole one.",
    file: "src/backup/backup.ts",
    find: "    const { picture, damage } = await this.#copy();\n",
    replace: `    const early: BackupList = {
      format: 1,
      kind: "holdfast-backup",
      storeId: this.#source.store.storeId,
      sequence: 0,
      startedAt,
      finishedAt: startedAt,
      createdBy: "holdfast",
      source: { directory: this.#source.layout.root, host: hostname() },
      documents: {},
      blobs: 0,
      damage: [],
      files: [],
    };
    await replaceFileDurably(this.#environment.fileSystem, join(this.#tree.root, backupListName), sealJson(early));
    const { picture, damage } = await this.#copy();
`,
    tests: ["test/backup/backup.test.ts"],
  },
  {
    name: "backup-file-not-compared-with-its-list",
    bug: "A damaged backup is restored as if it were whole.",
    file: "src/backup/restore.ts",
    find: 'return hash === expected.sha256 ? undefined : "does not match its SHA-256";',
    replace: 'return hash !== "" ? undefined : "does not match its SHA-256";',
    tests: ["test/backup/backup.test.ts"],
  },
];
