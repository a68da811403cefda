import { z } from "zod";
import { HoldfastError, type Problem } from "../../errors.js";
import { parsedOnce } from "../../files/parsed-once.js";
import { startupPhases, startupPhaseSchema, type StartupPhase } from "../../watch/startup-status.js";
import { phasesAfter } from "./phase-order.js";

/** The longest message or name of a setting, in characters. */
export const longestText = 4096;

const text = z.string().max(longestText);
const modelName = z.string().min(1).max(512);
const count = z.int().min(0);

/** What a router reports. Members and meaning are those of the status; unknown ones are refused, as they are typing errors. */
export const startupReportSchema = z.strictObject({
  phase: startupPhaseSchema,
  message: text.optional(),
  downloading_model: modelName.optional(),
  pending_models: z.array(modelName).max(1000).optional(),
  ready_models: count.optional(),
  total_models: count.optional(),
  embedding_provider: z
    .strictObject({
      mode: text.optional(),
      backend: text.optional(),
      model: text.optional(),
      dimension: count.optional(),
      api_key_env: text.optional(),
      api_key_env_set: z.boolean().optional(),
      healthy: z.boolean().optional(),
      last_probe_error: text.optional(),
      last_checked_at: z.iso.datetime({ offset: true }).optional(),
    })
    .optional(),
  progress: z
    .array(
      z.strictObject({
        model: modelName,
        bytes: count,
        total_bytes: count.optional(),
        percent: z.number().min(0).max(100).optional(),
      }),
    )
    .max(1000)
    .optional(),
});
export type StartupReport = z.infer<typeof startupReportSchema>;

/**
 * Checks a report against its shape and against where the router stands.
 *
 * @param previous the report before it.
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed; `CLOSED` if this run has stopped.
 */
export function checkReport(report: unknown, previous: StartupReport): StartupReport {
  if (previous.phase === "stopped") {
    throw new HoldfastError("CLOSED", "This run has stopped; nothing more can be reported for it.");
  }
  const parsed = startupReportSchema.safeParse(report, parsedOnce);
  const problems: Problem[] = [];
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      problems.push({ path: path.map((member) => `/${String(member)}`).join(""), message });
    }
  }
  problems.push(...orderProblems(report, previous.phase), ...countProblems(report, previous));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw HoldfastError.ofProblems("INVALID_DOCUMENT", "The startup report was not accepted.", problems.slice(0, 100));
}

function* orderProblems(report: unknown, previous: StartupPhase): Generator<Problem> {
  const phase = startupPhases.find((known) => known === memberOf(report, "phase"));
  const allowed = phasesAfter(previous);
  if (phase !== undefined && !allowed.includes(phase)) {
    yield { path: "/phase", message: `${phase} can not follow ${previous}; allowed: ${allowed.join(", ")}` };
  }
}

function* countProblems(report: unknown, previous: StartupReport): Generator<Problem> {
  const ready = memberOf(report, "ready_models") ?? previous.ready_models;
  const total = memberOf(report, "total_models") ?? previous.total_models;
  if (typeof ready === "number" && typeof total === "number" && ready > total) {
    yield { path: "/ready_models", message: `${ready} of ${total} models can not be ready` };
  }
}

/** The report has not been checked yet, and all its problems are wanted at once. */
function memberOf(report: unknown, name: keyof StartupReport): unknown {
  return typeof report === "object" && report !== null ? (report as Record<string, unknown>)[name] : undefined;
}
