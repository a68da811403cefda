import { z } from "zod";

/** The members of a step that hold captured text. */
export const stepTextMembers = ["text", "arguments", "raw_arguments", "output", "raw_output"] as const;

/** One step of a tool loop. `type` is open: the reference names five, and a reader meets others as they are. */
export const toolTraceStepSchema = z.looseObject({
  type: z.string(),
  source: z.string().optional(),
  role: z.string().optional(),
  text: z.string().optional(),
  tool_name: z.string().optional(),
  tool_call_id: z.string().optional(),
  arguments: z.string().optional(),
  raw_arguments: z.string().optional(),
  raw_output: z.string().optional(),
  output: z.string().optional(),
  api_type: z.string().optional(),
  truncated: z.boolean().optional(),
});
export type ToolTraceStep = z.infer<typeof toolTraceStepSchema>;

export const toolTraceSchema = z.looseObject({
  /** The labels of the steps, each run of equal ones once, joined by ` -> `. */
  flow: z.string().optional(),
  /** The last label. */
  stage: z.string().optional(),
  tool_names: z.array(z.string()).optional(),
  steps: z.array(toolTraceStepSchema).optional(),
  steps_truncated: z.boolean().optional(),
  /** How many of the oldest steps are no longer there. */
  dropped_step_count: z.int().min(0).optional(),
});
export type ToolTrace = z.infer<typeof toolTraceSchema>;
