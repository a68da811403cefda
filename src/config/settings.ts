import { z } from "zod";
import { settingsSchema } from "./schema.js";

/** One setting: a leaf of the configuration schema. */
export interface Setting {
  /** Dotted: `lock.waitMs`. */
  readonly name: string;
  readonly path: readonly string[];
  /** `HOLDFAST_LOCK_WAIT_MS`. */
  readonly environmentVariable: string;
  readonly schema: z.ZodType;
  readonly defaultValue: unknown;
  readonly description: string;
  /** Whether text from the environment or from a flag stands for a number. */
  readonly numeric: boolean;
}

/** Every setting in the order of the schema; the names of variables and of documentation entries follow from it. */
export const settings: readonly Setting[] = [...leavesOf(settingsSchema, [])];

function* leavesOf(schema: z.ZodType, path: readonly string[]): Generator<Setting> {
  if (schema instanceof z.ZodPrefault) {
    const group: unknown = schema.unwrap();
    if (group instanceof z.ZodType) yield* leavesOf(group, path);
  } else if (schema instanceof z.ZodObject) {
    const members: Record<string, unknown> = schema.shape;
    for (const [name, member] of Object.entries(members)) {
      if (member instanceof z.ZodType) yield* leavesOf(member, [...path, name]);
    }
  } else if (schema instanceof z.ZodDefault) {
    yield {
      name: path.join("."),
      path,
      environmentVariable: environmentVariableOf(path),
      schema,
      defaultValue: schema.def.defaultValue,
      description: schema.description ?? "",
      numeric: schema.unwrap() instanceof z.ZodNumber,
    };
  }
}

function environmentVariableOf(path: readonly string[]): string {
  const words = path.map((member) => member.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `HOLDFAST_${words.join("_")}`;
}
