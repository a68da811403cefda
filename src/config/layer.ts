import type { z } from "zod";
import type { Problem } from "../errors.js";
import { nearestName } from "./nearest-name.js";
import { settings, type Setting } from "./settings.js";
import { settingsSchema } from "./schema.js";

/** Where a value came from, the later ones winning over the earlier ones. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly file: string }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "flag"; readonly flag: string };

/** What one source says: the settings it gives a good value to, and every problem with it. */
export interface Layer {
  readonly values: ReadonlyMap<Setting, { readonly value: unknown; readonly origin: Origin }>;
  readonly problems: readonly Problem[];
}

/** A value given as text, by a variable of the environment or by a flag. */
export interface GivenText {
  readonly setting: Setting;
  readonly text: string;
  readonly origin: Origin;
}

/** The layer of a configuration file: checked whole, so that members nobody knows are found too. */
export function layerOfFile(file: string, content: unknown): Layer {
  const origin: Origin = { from: "file", file };
  const values = new Map<Setting, { value: unknown; origin: Origin }>();
  const result = settingsSchema.safeParse(content);
  const problems = result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, origin));
  const spoiled = new Set(problems.map(({ path }) => path));
  for (const setting of settings) {
    const value = memberAt(content, setting.path);
    if (value !== undefined && !spoiled.has(pointerOf(setting.path))) values.set(setting, { value, origin });
  }
  return { values, problems };
}

/** The layer of the environment, or of the flags. */
export function layerOfTexts(given: readonly GivenText[]): Layer {
  const values = new Map<Setting, { value: unknown; origin: Origin }>();
  const problems: Problem[] = [];
  for (const { setting, text, origin } of given) {
    const value = setting.numeric && /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
    const result = setting.schema.safeParse(value);
    if (result.success) {
      values.set(setting, { value: result.data, origin });
    } else {
      const path = pointerOf(setting.path);
      problems.push(
        ...result.error.issues.map(({ message }) => ({ path, message: `${message} (${describeOrigin(origin)})` })),
      );
    }
  }
  return { values, problems };
}

/** `default`, `file /etc/holdfast.yaml`, `environment HOLDFAST_PORT`, `flag --port`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return `file ${origin.file}`;
    case "environment":
      return `environment ${origin.variable}`;
    case "flag":
      return `flag ${origin.flag}`;
  }
}

/** A JSON Pointer (RFC 6901). */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((member) => `/${String(member).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function problemsOf(issue: z.core.$ZodIssue, origin: Origin): Problem[] {
  const where = describeOrigin(origin);
  if (issue.code !== "unrecognized_keys")
    return [{ path: pointerOf(issue.path), message: `${issue.message} (${where})` }];
  const depth = issue.path.length;
  const prefix = issue.path.join(".");
  const siblings = settings
    .filter(({ path }) => path.slice(0, depth).join(".") === prefix)
    .map(({ path }) => path[depth] ?? "");
  return issue.keys.map((key) => {
    const nearest = nearestName(key, siblings);
    const hint = nearest === undefined ? "" : `; did you mean ${[...issue.path, nearest].join(".")}?`;
    return { path: pointerOf([...issue.path, key]), message: `Unknown setting${hint} (${where})` };
  });
}

function memberAt(content: unknown, path: readonly string[]): unknown {
  let value = content;
  for (const member of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}
