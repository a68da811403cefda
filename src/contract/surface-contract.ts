import { z } from "zod";

/** What kind of state a surface is; names and meanings are the reference's. */
export const stateClasses = {
  ephemeral_request_state: "Working memory of a request or a process. Losing it at a restart is fine.",
  restart_safe_local_state: "Survives a restart of this process or node; sharing between nodes is not promised.",
  shared_durable_workflow_state: "Outlives processes, and is the one authority on what users and operators rely on.",
  audit_analytics_telemetry: "Facts about what happened, kept for debugging, audit and reports.",
  derived_projection_state: "A view that can be rebuilt from a source of truth.",
} as const;
export type StateClass = keyof typeof stateClasses;

/** Where a surface's state lives. */
export const stateBackends = {
  journal: "documents behind the write-ahead journal of the state directory",
  blobs: "bytes beside the documents, each stored once under an id of its own",
  status_file: "one file that is replaced as a whole, outside the journal",
  process_memory: "memory of the process, bounded by entries and bytes",
  shared_cache: "a Redis or Valkey server, where one is configured",
} as const;
export type StateBackend = keyof typeof stateBackends;

const stateClassSchema = z.enum(namesOf(stateClasses));
const stateBackendSchema = z.enum(namesOf(stateBackends));

/** What a key may do, as the service enforces it; each role includes those before it. */
export const contractRoleSchema = z.enum(["viewer", "detail", "writer", "admin"]);

const limitsSchema = z.strictObject({
  timeToLiveMs: z.number().positive().optional().describe("Milliseconds. Absent: it does not expire."),
  maximumCount: z.int().min(1).optional().describe("The most that is kept; beyond it the oldest go first."),
  maximumBytes: z.int().min(1).optional().describe("The most bytes that are kept; beyond it the oldest go first."),
});
export type ContractLimits = z.infer<typeof limitsSchema>;

export const collectionContractSchema = z.strictObject({
  name: z.string().describe("The collection, which is also its folder."),
  holds: z.string().describe("What one document of it is."),
  durability: z.literal("journaled").describe("A write is acknowledged once its journal record is on disk."),
  retention: limitsSchema.describe("What the store itself removes; a surface may remove more, see its own retention."),
});
export type CollectionContract = z.infer<typeof collectionContractSchema>;

export const surfaceContractSchema = z.strictObject({
  surface: z.string().regex(/^[a-z][a-z_]*$/),
  class: stateClassSchema.describe("What it is for."),
  class_here: stateClassSchema.describe(
    "What one state directory on one host can honour; a shared backend honours `class`.",
  ),
  owner: z.string().describe("Which part of the program may change it."),
  backend: z.array(stateBackendSchema).min(1),
  durability: z
    .enum(["journaled", "replaced_file", "none"])
    .describe("How a write becomes durable before it is acknowledged; `none` for what may be lost at any time."),
  collections: z.array(collectionContractSchema).describe("Every collection it keeps. No other surface has it."),
  acknowledgment: z.string().describe("What it means that a call has succeeded."),
  retention: z.strictObject({
    limits: limitsSchema.describe("The limits where nothing else is configured."),
    rule: z.string().describe("What begins the time, what renews it, what else removes it."),
  }),
  restart: z.string().describe("What a restart does to it, also after SIGKILL or power loss."),
  reported: z.array(z.string()).min(1).describe("What an operator is told about it, and where."),
  access: z
    .strictObject({
      read: contractRoleSchema,
      write: contractRoleSchema,
      viewer: z.string().describe("What a viewer sees of it."),
    })
    .nullable()
    .describe("Who may do what over HTTP; null for what no route serves."),
});
export type SurfaceContract = z.infer<typeof surfaceContractSchema>;

/** The whole contract, as `holdfast contract --json` and `/v1/operator/contract` show it. */
export const durabilityContractSchema = z.strictObject({
  version: z.literal(1),
  surfaces: z.array(surfaceContractSchema),
});
export type DurabilityContract = z.infer<typeof durabilityContractSchema>;

function namesOf<Name extends string>(described: Readonly<Record<Name, string>>): [Name, ...Name[]] {
  return Object.keys(described) as [Name, ...Name[]];
}
