import { z } from "zod";
import type { Outcome } from "../../surfaces/replay/outcome.js";
import { WireError } from "../errors/wire-error.js";

const targets = ["model", "route", "policy", "stability", "provider", "router"] as const;
const verdicts = ["good_fit", "underpowered", "overprovisioned", "failed"] as const;
const sources = ["user", "agent", "eval", "operator", "provider", "router"] as const;

const longestReference = 512;
const mostMetadata = 32;
const longestMetadataKey = 128;
const longestMetadataValue = 1024;

const text = z.string().trim();

/** The body of `POST /v1/router/outcomes` (`surfaces.md` 2.8). Who sends it is told by the key, never by `source`. */
export const outcomeBody = z.looseObject({
  replay_id: text.min(1, "replay_id is required"),
  source: z
    .union([z.literal(""), text.pipe(z.enum(sources))], `source must be one of ${sources.join(", ")}`)
    .optional(),
  target: text.pipe(z.enum(targets, `target must be one of ${targets.join(", ")}`)),
  target_ref: text.optional(),
  verdict: text.pipe(z.enum(verdicts, `verdict must be one of ${verdicts.join(", ")}`)),
  reason: text.optional(),
  score: z.number().min(0, scoreRange()).max(1, scoreRange()).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

export const outcomeReply = z.object({
  success: z.literal(true),
  /** How many records it was added to: 1, or 0 for a repeat. */
  updated: z.int(),
  recorded: z.boolean(),
  duplicate: z.literal(true).optional(),
  timestamp: z.string(),
});

/** What a body asks for: which record, and what is found of it, still without a time. */
export interface OutcomeRequest {
  readonly replayId: string;
  readonly outcome: Finding;
}

/** An outcome without its time. */
export type Finding = Pick<Outcome, "source" | "target" | "target_ref" | "verdict" | "reason" | "score" | "metadata">;

/** @throws WireError 400 `INVALID_OUTCOME`, every problem in its message. */
export function outcomeRequestOf(body: unknown): OutcomeRequest {
  const result = outcomeBody.safeParse(body ?? {});
  if (!result.success) {
    const messages = result.error.issues.map(({ path, message }) =>
      message.startsWith(String(path[0])) ? message : `${path.join(".")}: ${message}`,
    );
    throw new WireError(400, messages.join("; "), { code: "invalid_outcome" });
  }
  const { replay_id, target, target_ref = "", verdict, reason = "", score, metadata } = result.data;
  const kept = boundedMetadata(metadata ?? {});
  return {
    replayId: replay_id,
    outcome: {
      // As the reference stores it, whatever the body says: whoever may call this is an operator.
      source: "operator",
      target,
      ...(target_ref === "" ? {} : { target_ref: firstCharacters(target_ref, longestReference) }),
      verdict,
      ...(reason === "" ? {} : { reason }),
      ...(score === undefined || score === null ? {} : { score }),
      ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }),
    },
  };
}

/** As the reference bounds it: entries beyond a limit are left out, in the order they came. */
function boundedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(metadata)
    .map(([key, value]) => [key.trim(), value.trim()] as const)
    .filter(([key, value]) => key !== "" && key.length <= longestMetadataKey && value.length <= longestMetadataValue);
  return Object.fromEntries(entries.slice(0, mostMetadata));
}

/** Cut between code points, so that no half of a surrogate pair is left. */
function firstCharacters(value: string, most: number): string {
  const cut = value.slice(0, most);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function scoreRange(): string {
  return "score must be between 0.0 and 1.0";
}
