import type { z } from "zod";
import { HoldfastError, type Problem } from "../errors.js";

export interface BodyLimits {
  /** The most bytes a body may have as JSON. */
  readonly documentBytes: number;
  /** How deep objects and arrays may nest. */
  readonly depth: number;
}

const mostProblems = 50;

/**
 * Turns a body into the JSON that is stored, once.
 *
 * Refused is what JSON can not say or would say differently when read back: `undefined` in an array, NaN, dates, maps,
 * class instances, cycles (by depth), `__proto__` as a member, half surrogate pairs. Members that are `undefined` are
 * left out, as everywhere in JavaScript.
 *
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed, up to fifty; `DOCUMENT_TOO_LARGE`
 */
export function checkBody(body: unknown, schema: z.ZodType, limits: BodyLimits, what: string): string {
  const problems: Problem[] = [];
  // The problems are looked for only where there are some: to know the place of each member costs more than the rest.
  if (!isPlainJson(body, 1, limits.depth)) walk(body, "", 1, limits.depth, problems);
  // A schema never sees what is too deep for it: zod recurses, and would leave with a RangeError.
  if (problems.length === 0) {
    const result = schema.safeParse(body);
    for (const issue of result.error?.issues.slice(0, mostProblems) ?? []) {
      problems.push({ path: pointer(issue.path), message: issue.message });
    }
  }
  if (problems.length > 0) throw HoldfastError.ofProblems("INVALID_DOCUMENT", `${what} can not be stored.`, problems);
  const json = JSON.stringify(body);
  // A UTF-16 unit is at most three bytes: only near the limit does it take counting.
  if (json.length * 3 > limits.documentBytes) {
    const bytes = Buffer.byteLength(json);
    if (bytes > limits.documentBytes) {
      throw new HoldfastError(
        "DOCUMENT_TOO_LARGE",
        `${what} has ${bytes} bytes; ${limits.documentBytes} are allowed.`,
        {
          details: { bytes, allowed: limits.documentBytes },
        },
      );
    }
  }
  return json;
}

/** Whether {@link walk} would find nothing. */
function isPlainJson(value: unknown, depth: number, deepest: number): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return true;
    case "object": {
      if (value === null) return true;
      if (depth > deepest) return false;
      if (Array.isArray(value)) {
        for (const element of value) if (!isPlainJson(element, depth + 1, deepest)) return false;
        return true;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return false;
      for (const key of Object.keys(value)) {
        const member = (value as Record<string, unknown>)[key];
        if (key === "__proto__" || !key.isWellFormed()) return false;
        if (member !== undefined && !isPlainJson(member, depth + 1, deepest)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

function walk(value: unknown, path: string, depth: number, deepest: number, problems: Problem[]): void {
  if (problems.length >= mostProblems) return;
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) problems.push({ path, message: "contains half of a surrogate pair" });
      return;
    case "number":
      if (!Number.isFinite(value)) problems.push({ path, message: `${value} is not a JSON number` });
      return;
    case "boolean":
      return;
    case "object":
      if (value === null) return;
      if (depth > deepest) {
        problems.push({ path: path.slice(0, 200), message: `is nested deeper than ${deepest} levels` });
        return;
      }
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index += 1)
          walk(value[index], `${path}/${index}`, depth + 1, deepest, problems);
      } else {
        walkObject(value, path, depth, deepest, problems);
      }
      return;
    default:
      problems.push({ path, message: `${typeof value} is not a JSON value` });
  }
}

function walkObject(value: object, path: string, depth: number, deepest: number, problems: Problem[]): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) {
    const name = (value.constructor as { name?: string } | undefined)?.name ?? "object";
    problems.push({ path, message: `a ${name} is not a plain JSON object; store what it stands for` });
    return;
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    const memberPath = `${path}/${escapePointer(key)}`;
    if (key === "__proto__") problems.push({ path: memberPath, message: "is not allowed as a member name" });
    else if (!key.isWellFormed())
      problems.push({ path: memberPath.toWellFormed(), message: "has half of a surrogate pair in its name" });
    else walk(member, memberPath, depth + 1, deepest, problems);
  }
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.includes("~") || key.includes("/") ? key.replaceAll("~", "~0").replaceAll("/", "~1") : key;
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${escapePointer(String(part))}`).join("");
}
