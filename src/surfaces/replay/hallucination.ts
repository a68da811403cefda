import { z } from "zod";

export const hallucinationSpanSchema = z.looseObject({
  text: z.string(),
  start: z.int(),
  end: z.int(),
  hallucination_confidence: z.number(),
  nli_label: z.string(),
  nli_confidence: z.number(),
  severity: z.int(),
  explanation: z.string(),
});

/** What the check of an answer against its context found. */
export const hallucinationMembers = {
  hallucination_enabled: z.boolean().optional(),
  hallucination_detected: z.boolean().optional(),
  hallucination_confidence: z.number().optional(),
  hallucination_spans: z.array(z.string()).optional(),
  hallucination_span_details: z.array(hallucinationSpanSchema).optional(),
};

export const hallucinationSchema = z.looseObject(hallucinationMembers);
export type ReplayHallucination = z.infer<typeof hallucinationSchema>;
