import { z } from "zod";
import { configSchema } from "./config/index.js";
import { durabilityContractSchema } from "./contract/index.js";
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
  /** Whether it describes what people write, where members with a default can be left out, or what the program writes. */
  readonly io: "input" | "output";
}

export const publishedSchemas: readonly PublishedSchema[] = [
  {
    file: "startup-status.schema.json",
    title: "Startup status",
    description: "The content of status/startup.json: where a router stands in its life.",
    version: 1,
    schema: startupStatusSchema,
    io: "output",
  },
  {
    file: "recovery-report.schema.json",
    title: "Recovery report",
    description: "The content of status/recovery.json: what the last opening of a state directory found and did.",
    version: 1,
    schema: recoveryReportSchema,
    io: "output",
  },
  {
    file: "config.schema.json",
    title: "Holdfast configuration",
    description: "The content of holdfast.config.json or holdfast.config.yaml.",
    version: 1,
    schema: configSchema,
    io: "input",
  },
  {
    file: "durability-contract.schema.json",
    title: "Durability contract",
    description: "What `holdfast contract --json` prints: what each surface promises about its state.",
    version: 1,
    schema: durabilityContractSchema,
    io: "output",
  },
];

/** The JSON Schema (draft 2020-12) as it stands in its file. Members it does not name are allowed: later versions add some. */
export function jsonSchemaText({ file, title, description, version, schema, io }: PublishedSchema): string {
  const { $schema, ...content } = z.toJSONSchema(schema, { target: "draft-2020-12", io });
  const $id = `urn:holdfast:schema:${file.replace(".schema.json", "")}:${version}`;
  return `${JSON.stringify({ $schema, $id, title, description, ...content }, null, 2)}\n`;
}
