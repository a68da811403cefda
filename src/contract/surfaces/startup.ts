import { keptTransitions } from "../../surfaces/startup/next-status.js";
import { startupTransitions } from "../../surfaces/startup/index.js";
import { collectionContract } from "../collection-contract.js";
import { durableDocuments } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const startupStatusContract: SurfaceContract = {
  surface: "startup_status",
  class: "audit_analytics_telemetry",
  class_here: "audit_analytics_telemetry",
  owner: "src/surfaces/startup, in the process that holds the directory",
  backend: ["status_file"],
  durability: "replaced_file",
  collections: [],
  acknowledgment:
    "The file was replaced and synced. It stands outside the journal, so that it speaks during recovery and when the " +
    "journal is broken.",
  retention: {
    limits: { maximumCount: keptTransitions },
    rule: `The newest status, with the last ${keptTransitions} changes of phase. It does not expire.`,
  },
  restart:
    "Begins again at `starting` with a new run id, and tells how the previous run ended. What a dead process wrote is " +
    "never reported as ready.",
  reported: [
    "phase, progress, model counts, recovery summary, previous run: `status/startup.json`, `GET /startup-status`",
    "a status that could not be read: set aside in `quarantine/`",
  ],
  access: { read: "viewer", write: "admin", viewer: "All of it: it holds no text of people." },
};

export const startupHistoryContract: SurfaceContract = {
  surface: "startup_history",
  class: "audit_analytics_telemetry",
  class_here: "audit_analytics_telemetry",
  owner: "src/surfaces/startup, in the process that holds the directory",
  backend: ["journal"],
  durability: "journaled",
  collections: [collectionContract(startupTransitions, "one change of phase")],
  acknowledgment: `${durableDocuments} It follows the status file, which is the authority, and catches up after trouble.`,
  retention: {
    limits: { ...startupTransitions.retention },
    rule: "The oldest changes of phase go first.",
  },
  restart: "Nothing is lost: what could not be recorded when it happened is taken from the status file.",
  reported: ["documents that were damaged: `status/recovery.json`, by id"],
  access: { read: "viewer", write: "admin", viewer: "All of it: it holds no text of people." },
};
