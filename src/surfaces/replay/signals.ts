import { z } from "zod";
import { optionalMembers } from "./optional-members.js";

/** Every kind of signal that a router matches; all of them are counted. */
export const signalKinds = [
  "keyword",
  "embedding",
  "domain",
  "fact_check",
  "user_feedback",
  "reask",
  "preference",
  "language",
  "context",
  "structure",
  "complexity",
  "modality",
  "authz",
  "jailbreak",
  "pii",
  "kb",
  "conversation",
  "event",
  "metadata",
  "classifier",
] as const;
export type SignalKind = (typeof signalKinds)[number];

/** What matched, by kind. */
export const signalsSchema = z.looseObject(optionalMembers(z.array(z.string()), signalKinds));
