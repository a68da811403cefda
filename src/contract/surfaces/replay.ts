import {
  recoveryReasons,
  replayCountersCollection,
  replayRecordsCollection,
  replayTotalsCollection,
  standardReplayRetention,
} from "../../surfaces/replay/index.js";
import { collectionContract } from "../collection-contract.js";
import { duration } from "../quantities.js";
import { durableDocuments } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const routerReplayContract: SurfaceContract = {
  surface: "router_replay",
  class: "audit_analytics_telemetry",
  class_here: "audit_analytics_telemetry",
  owner: "src/surfaces/replay, in the process that holds the directory",
  backend: ["journal"],
  durability: "journaled",
  collections: [
    collectionContract(replayRecordsCollection, "one record, whole, with the policy it was captured under"),
    collectionContract(replayCountersCollection, "what the records of one kind of request add up to"),
    collectionContract(replayTotalsCollection, "the word that the counters are exact; it goes when they are not"),
  ],
  acknowledgment: `${durableDocuments} The counters changed in the same transaction, so aggregates are exact.`,
  retention: {
    limits: { ...standardReplayRetention },
    rule:
      `${duration(standardReplayRetention.timeToLiveMs)} from the record's \`timestamp\`; updates do not renew it. Beyond ` +
      "the count or the bytes the oldest go first. The counters follow in the same transaction.",
  },
  restart:
    `Nothing is lost: a record that a dead process left \`in_progress\` becomes \`aborted\` with the reason ` +
    `\`${recoveryReasons.restart}\`, one whose remote recorder stays silent with \`${recoveryReasons.recorderLost}\`. ` +
    "Records of living recorders are untouched.",
  reported: [
    "records that were aborted, counters that were counted anew: `status/recovery.json`",
    "records that were refused or dropped: `replay.counters`, `GET /metrics`",
    "what was cut or left out of a record: its `*_truncated` flags and counts",
  ],
  access: {
    read: "viewer",
    write: "writer",
    viewer: "Records without captured text, aggregates, and no member whose meaning is not known.",
  },
};
