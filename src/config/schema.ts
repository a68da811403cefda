import { z } from "zod";

/** A whole number of bytes. One TiB is far above any use, and far below where numbers lose precision. */
function bytes(minimum: number): z.ZodInt {
  return z.int().min(minimum).max(1_099_511_627_776);
}

/** A whole number of milliseconds, up to the longest a Node timer can wait. */
function milliseconds(minimum: number): z.ZodInt {
  return z.int().min(minimum).max(2_147_483_647);
}

const lock = z.strictObject({
  waitMs: milliseconds(0)
    .default(0)
    .describe(
      "How long to wait for a living process to leave the directory before giving up with WRITER_LOCKED. " +
        "A dead one is never waited for.",
    ),
  staleAfterMs: milliseconds(50)
    .default(10_000)
    .describe(
      "A holder whose last heartbeat is older counts as paused, and, where the kernel can not be asked whether it " +
        "lives, as dead.",
    ),
  heartbeatMs: milliseconds(10)
    .default(2000)
    .describe("How often the holder of the directory shows that it lives. At most half of lock.staleAfterMs."),
});

const journal = z.strictObject({
  checkpointBytes: bytes(1024)
    .default(8_388_608)
    .describe(
      "Once the journal has grown by so many bytes, a checkpoint moves its content into the collections. " +
        "Smaller makes restarts faster, larger makes writing cheaper.",
    ),
  retainBytes: bytes(0)
    .default(16_777_216)
    .describe("How much of the journal behind the last checkpoint is kept, so that change feeds can resume from it."),
  limitBytes: bytes(1024)
    .default(536_870_912)
    .describe(
      "Above so many bytes of journal not yet covered by a checkpoint, writers are slowed down until one is done. " +
        "Not below journal.checkpointBytes.",
    ),
});

const packs = z.strictObject({
  atDocuments: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(256)
    .describe(
      "A checkpoint that moves so many documents of a collection writes them as one pack; fewer get a file each.",
    ),
  looseLimit: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(512)
    .describe("A collection that would have more files of single documents than this gets a pack of them."),
  mergeFactor: z
    .int()
    .min(2)
    .max(1000)
    .default(4)
    .describe(
      "So many packs of about the same size are merged into one, in the background. Larger writes less and leaves more " +
        "packs to look into.",
    ),
  mergeBytesPerSecond: bytes(65_536)
    .default(67_108_864)
    .describe("What merging may read and write in a second, so that it leaves the disk to commits."),
  indexCacheBytes: bytes(65_536)
    .default(67_108_864)
    .describe("How much of the indexes of all packs is kept in memory."),
});

const limits = z.strictObject({
  documentBytes: bytes(1024)
    .max(67_108_864)
    .default(16_777_216)
    .describe("The largest body a document may have, as JSON in UTF-8. A larger one is refused, never cut."),
  depth: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe("How deep objects and arrays may be nested in the body of a document."),
});

const responses = z.strictObject({
  timeToLiveSeconds: z
    .int()
    .min(1)
    .max(3_153_600_000)
    .default(2_592_000)
    .describe("How long responses and conversations are kept after their last change. 30 days unless set."),
});

/** A whole number of seconds, up to a hundred years. */
function seconds(minimum: number): z.ZodInt {
  return z.int().min(minimum).max(3_153_600_000);
}

const replay = z.strictObject({
  timeToLiveSeconds: seconds(1).default(2_592_000).describe("How long a replay record is kept, from its timestamp."),
  maximumCount: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(100_000)
    .describe("The most replay records kept; beyond it the oldest go."),
  maximumBytes: bytes(1024)
    .default(1_073_741_824)
    .describe("The most bytes of replay records kept, as JSON; beyond it the oldest go."),
  abandonedAfterSeconds: seconds(1)
    .default(900)
    .describe("How long a remote recorder may be silent about a record before the record counts as aborted."),
  captureText: z
    .boolean()
    .default(true)
    .describe(
      "Whether prompts, bodies and tool text are kept, where a record brings no policy of its own. Off, only the facts " +
        "around them are.",
    ),
  bodyBytes: bytes(1)
    .max(1_048_576)
    .default(4096)
    .describe("How much of each request and response body is kept, where a record brings no policy of its own."),
});

const files = z.strictObject({
  limitBytes: bytes(1).default(536_870_912).describe("The largest file that can be uploaded."),
  formats: z
    .string()
    .regex(/^\.[^\s,.][^\s,]*(,\.[^\s,.][^\s,]*)*$/, "must be endings such as .txt,.md, parted by commas")
    .nullable()
    .default(null)
    .describe("What a file's name may end in, parted by commas, such as .txt,.md,.json. Without it, anything."),
});

const vectorStores = z.strictObject({
  ingestion: z
    .enum(["none", "external"])
    .default("none")
    .describe(
      "Who ingests attached files. none: nobody, an attached file is completed at once. external: a router that reports " +
        "how it goes.",
    ),
  leaseSeconds: seconds(1)
    .default(900)
    .describe("How long an external ingestion may be silent before it is taken for dead."),
});

const server = z.strictObject({
  bodyLimitBytes: bytes(1024)
    .max(268_435_456)
    .default(16_777_216)
    .describe("The largest request body the service reads. A larger one is answered with 413."),
  requestTimeoutSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(600)
    .describe("How long a client may take to send a request, uploads among them. 0 for no limit."),
  keysFile: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "A JSON or YAML file with the keys that open the service. A relative path is relative as for directory. Without " +
        "keys, also none in HOLDFAST_KEYS, every caller is admin and only loopback is accepted.",
    ),
  requestsPerMinute: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe(
      "The most requests a minute from each key, or from each address without one; more are answered with 429. " +
        "0 for no limit.",
    ),
});

const shape = {
  $schema: z
    .string()
    .optional()
    .describe("The address of this schema, for editors that complete and check the file. Has no effect."),
  directory: z
    .string()
    .min(1)
    .default("./state")
    .describe(
      "The state directory. A relative path in a file is relative to that file's folder, elsewhere to the working " +
        "directory.",
    ),
  host: z
    .string()
    .min(1)
    .max(253)
    .default("127.0.0.1")
    .describe("The address the service listens on. Without keys only loopback is accepted."),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(8650)
    .describe("The port the service listens on; 0 lets the system choose one."),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("The least important messages that the service still logs."),
  lock: lock.prefault({}).describe("Who may write, and when a holder counts as paused."),
  networkFileSystem: z
    .enum(["refuse", "warn"])
    .default("refuse")
    .describe(
      "What to do when the directory lies on a network file system, where atomic rename and exclusive create can not " +
        "be relied on.",
    ),
  journal: journal.prefault({}).describe("The write-ahead journal."),
  packs: packs.prefault({}).describe("Where a checkpoint moves many documents to, and how packs are merged."),
  limits: limits.prefault({}).describe("What a document may be."),
  responses: responses.prefault({}).describe("Responses and conversations."),
  replay: replay.prefault({}).describe("Router replay."),
  files: files.prefault({}).describe("Uploaded files."),
  vectorStores: vectorStores.prefault({}).describe("Vector stores."),
  server: server.prefault({}).describe("The HTTP service."),
};

/** The settings one by one, without what must hold between them. */
export const settingsSchema = z.strictObject(shape);

/** What must hold between two settings; each is named by its path. */
export interface Relation {
  readonly settings: readonly [string, string];
  /** The setting a violation is reported at. */
  readonly path: readonly [string, string];
  readonly message: string;
  readonly holds: (config: Config) => boolean;
}

export const relations: readonly Relation[] = [
  {
    settings: ["lock.heartbeatMs", "lock.staleAfterMs"],
    path: ["lock", "heartbeatMs"],
    message: "must be at most half of lock.staleAfterMs, or one late heartbeat makes a healthy holder look paused",
    holds: ({ lock: { heartbeatMs, staleAfterMs } }) => heartbeatMs * 2 <= staleAfterMs,
  },
  {
    settings: ["journal.limitBytes", "journal.checkpointBytes"],
    path: ["journal", "limitBytes"],
    message: "must not be below journal.checkpointBytes, or writers are slowed down before a checkpoint begins",
    holds: ({ journal: { limitBytes, checkpointBytes } }) => limitBytes >= checkpointBytes,
  },
];

/**
 * The whole configuration: strict, every setting with a default, units in the names. The JSON Schema of the
 * configuration file is generated from it (its input side).
 */
export const configSchema = settingsSchema
  .superRefine((config, context) => {
    for (const { path, message, holds } of relations) {
      if (!holds(config)) context.addIssue({ code: "custom", path: [...path], message });
    }
  })
  .meta({
    title: "Holdfast configuration",
    description: "holdfast.config.json, or the same in YAML. Every setting is optional.",
  });

/** The settings in effect. */
export type Config = Omit<z.output<typeof settingsSchema>, "$schema">;
