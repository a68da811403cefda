import { messageRule, recordRule, type LeafRule, type RedactionRule } from "./redaction-rules.js";

/** What is stored where a rule expects something else: it can not be told whether it holds text. */
export class UnredactableError extends Error {
  override readonly name = "UnredactableError";
  /** Where, as a JSON Pointer; `*` stands for a name that is no part of the shape. The value itself is never told. */
  readonly path: string;

  constructor(path: string, expected: string) {
    super(`The value at ${path === "" ? "the root" : path} is not ${expected}: what may be shown of it is not known.`);
    this.path = path;
  }
}

/**
 * What a viewer may see of a replay record. Content is blanked in place (`""`, `[]`, `{}`), members that are not known
 * are left out.
 *
 * @returns a new object; the record is not changed.
 * @throws UnredactableError if a value that would be shown is not of its kind. Nothing of the record must be sent then.
 */
export function redactRecord(record: unknown): Record<string, unknown> {
  return redactObject(record, recordRule);
}

/** What a viewer may see of the messages of a trajectory. @throws UnredactableError as {@link redactRecord}. */
export function redactTrajectory(messages: readonly unknown[]): Record<string, unknown>[] {
  return messages.map((message) => redactObject(message, messageRule));
}

function redactObject(value: unknown, rule: RedactionRule): Record<string, unknown> {
  // A rule for an object gives an object, or throws.
  return redact(value, rule, "", { withheld: false }) as Record<string, unknown>;
}

/** Notes for the object around a value whether something in it was withheld. */
interface Note {
  withheld: boolean;
}

function redact(value: unknown, rule: RedactionRule, path: string, note: Note): unknown {
  if (typeof rule === "string") return redactLeaf(value, rule, path, note);
  if ("each" in rule) {
    if (value === null && path !== "") return null;
    if (!Array.isArray(value)) throw new UnredactableError(path, "a list");
    return value.map((element, index) => redact(element, rule.each, `${path}/${index}`, note));
  }
  if (value === null && path !== "") return null;
  if (!isObject(value)) throw new UnredactableError(path, "an object");
  if ("named" in rule) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, redact(member, rule.named, `${path}/*`, note)]),
    );
  }
  const own: Note = { withheld: false };
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const memberRule = Object.hasOwn(rule.members, name) ? rule.members[name] : undefined;
    if (memberRule === undefined) own.withheld = true;
    else if (member !== undefined) shown[name] = redact(member, memberRule, `${path}/${name}`, own);
  }
  note.withheld ||= own.withheld;
  if (rule.marks === true && own.withheld) shown["content_redacted"] = true;
  const outcome = rule.outcomeOf?.(value);
  if (outcome !== undefined) shown["status"] = outcome;
  return shown;
}

function redactLeaf(value: unknown, rule: LeafRule, path: string, note: Note): unknown {
  if (value === null) return null;
  switch (rule) {
    case "withheld": {
      const blank = Array.isArray(value) ? [] : isObject(value) ? {} : "";
      note.withheld ||= !isEmpty(value);
      return blank;
    }
    case "word":
      return shownIf(typeof value === "string", value, path, "a string");
    case "number":
      return shownIf(typeof value === "number", value, path, "a number");
    case "flag":
      return shownIf(typeof value === "boolean", value, path, "true or false");
    case "words":
      return shownIf(Array.isArray(value) && value.every((one) => typeof one === "string"), value, path, "strings");
    case "numbers":
      return shownIf(
        isObject(value) && Object.values(value).every((one) => typeof one === "number"),
        value,
        path,
        "an object of numbers",
      );
  }
}

function shownIf(isKnown: boolean, value: unknown, path: string, expected: string): unknown {
  if (!isKnown) throw new UnredactableError(path, expected);
  return value;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) ? Object.keys(value).length === 0 : value === "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
