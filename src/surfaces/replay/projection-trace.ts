import { z } from "zod";

const contenderSchema = z.looseObject({
  name: z.string(),
  raw_score: z.number(),
  normalized_score: z.number().optional(),
});

const partitionSchema = z.looseObject({
  group_name: z.string(),
  signal_type: z.string(),
  semantics: z.string().optional(),
  temperature: z.number().optional(),
  contenders: z.array(contenderSchema).optional(),
  winner: z.string().optional(),
  winner_score: z.number().optional(),
  raw_winner_score: z.number().optional(),
  margin: z.number().optional(),
  default_used: z.boolean().optional(),
});

const scoreInputSchema = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  kb: z.string().optional(),
  metric: z.string().optional(),
  weight: z.number(),
  value: z.number(),
  contribution: z.number(),
});

const scoreSchema = z.looseObject({
  name: z.string(),
  total: z.number(),
  inputs: z.array(scoreInputSchema).optional(),
});

const mappingSchema = z.looseObject({
  mapping_name: z.string(),
  source_score: z.string(),
  score_value: z.number(),
  selected_output: z.string().optional(),
  confidence: z.number().optional(),
  boundary_distance: z.number().optional(),
  outputs: z.array(z.looseObject({ name: z.string(), matched: z.boolean(), boundary_distance: z.number() })).optional(),
});

/** How signals were projected into a decision: the reference's only payload with a version of its own, `"1"`. */
export const projectionTraceSchema = z.looseObject({
  schema_version: z.string(),
  partitions: z.array(partitionSchema).optional(),
  scores: z.array(scoreSchema).optional(),
  mappings: z.array(mappingSchema).optional(),
});
