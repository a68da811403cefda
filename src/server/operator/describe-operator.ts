import { z } from "zod";
import { durabilityContractSchema } from "../../contract/index.js";
import { recoveryReportSchema, storageReportSchema } from "../../open-state-directory.js";
import { wholeNumber } from "../requests/query-members.js";
import type { RouteDescription } from "../routing/describe-route.js";

const tag = "Operator";

export const recovery: RouteDescription = {
  role: "viewer",
  tag,
  summary: "Read what opening the state directory found and did",
  reply: recoveryReportSchema,
};

export const contract: RouteDescription = {
  role: "viewer",
  tag,
  summary: "Read what each surface promises",
  reply: durabilityContractSchema,
};

export const storage: RouteDescription = {
  role: "viewer",
  tag,
  summary: "Measure what the state takes on the disk, and what room is left",
  reply: storageReportSchema,
};

export const changesQuery = z.object({
  since: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(
      "Send what was committed after this sequence number. Default: from now on. Last-Event-ID goes before it.",
    ),
});

export const changes: RouteDescription = {
  role: "viewer",
  tag,
  summary: "Follow what is committed",
  query: changesQuery,
  reply: {
    contentType: "text/event-stream",
    description:
      "Server-sent events `change`, each one committed transaction; its id is the sequence number, which Last-Event-ID " +
      "resumes behind. Bodies are only in it for the role `detail`. An event `error` ends the stream.",
  },
};
