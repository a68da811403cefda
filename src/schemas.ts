import { z } from "zod";
import { recoveryReportSchema } from "./store/recovery-report.js";
import { startupStatusSchema } from "./watch/startup-status.js";

/** A JSON Schema that is published in `schemas/`, for readers of the files in any language. */
export interface PublishedSchema {
  /** The file's name in `schemas/`. */
  readonly file: string;
  readonly title: string;
  readonly description: string;
  /** Grows with the format of what the schema describes. */
  readonly version: number;
  readonly schema: z.ZodType;
}

export const publishedSchemas: readonly PublishedSchema[] = [
  {
    file: "startup-status.schema.json",
    title: "Startup status",
    description: "The content of status/startup.json: where a router stands in its life.",
    version: 1,
    schema: startupStatusSchema,
  },
  {
    file: "recovery-report.schema.json",
    title: "Recovery report",
    description: "The content of status/recovery.json: what the last opening of a state directory found and did.",
    version: 1,
    schema: recoveryReportSchema,
  },
];

/** The JSON Schema (draft 2020-12) as it stands in its file. Members it does not name are allowed: later versions add some. */
export function jsonSchemaText({ file, title, description, version, schema }: PublishedSchema): string {
  const { $schema, ...content } = z.toJSONSchema(schema, { target: "draft-2020-12" });
  const $id = `urn:holdfast:schema:${file.replace(".schema.json", "")}:${version}`;
  return `${JSON.stringify({ $schema, $id, title, description, ...content }, null, 2)}\n`;
}
