import { itemSchema, type Item } from "./item.js";
import type { ProblemList } from "./problems.js";

/** Id prefixes in the custom of the wire's published examples; a type not named here gets `item_`. */
const idPrefixes = new Map([
  ["message", "msg_"],
  ["reasoning", "rs_"],
  ["function_call", "fc_"],
  ["function_call_output", "fco_"],
]);

export function idPrefixOf(type: string): string {
  return idPrefixes.get(type) ?? "item_";
}

/** What a caller may hand in as a turn's input: text, a list of items in any accepted form, or nothing. */
export type ItemInput = string | readonly unknown[] | null | undefined;

export interface NormalizeOptions {
  /** Where the items stand in the caller's input, as a JSON Pointer, for problems. */
  readonly path: string;
  /** Names an item that came without an id. */
  readonly nameItem: (prefix: string, position: number) => string;
  /** Collects what is wrong. */
  readonly problems: ProblemList;
}

/**
 * Turns input into items that each have an id and a type, without losing a member: text becomes one user message, and
 * the shorthand `{role, content: "text"}` a message with content parts and a status. Everything else stays as it came,
 * item references included.
 *
 * @returns the items; those with problems are left out, so look at `problems` first.
 */
export function normalizeItems(input: ItemInput, { path, nameItem, problems }: NormalizeOptions): Item[] {
  if (input === null || input === undefined) return [];
  if (typeof input === "string")
    return normalizeItems([{ role: "user", content: input }], { path, nameItem, problems });
  if (!Array.isArray(input)) {
    problems.add(path, "must be a text or an array of items");
    return [];
  }
  const items: Item[] = [];
  const firstPosition = new Map<string, number>();
  input.forEach((given: unknown, position) => {
    const item = normalizeItem(given, `${path}/${position}`, (prefix) => nameItem(prefix, position), problems);
    if (item === undefined) return;
    const earlier = firstPosition.get(item.id);
    // A reference may name the same stored item as often as the client likes; two items may not share a name.
    if (earlier === undefined) firstPosition.set(item.id, position);
    else if (item.type !== "item_reference") {
      problems.add(`${path}/${position}/id`, `is the same as that of item ${earlier}`);
    }
    items.push(item);
  });
  return items;
}

function normalizeItem(
  given: unknown,
  path: string,
  nameItem: (prefix: string) => string,
  problems: ProblemList,
): Item | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    problems.add(path, "must be an object");
    return undefined;
  }
  const members: Readonly<Record<string, unknown>> = { ...given };
  const type = members["type"] ?? (members["role"] === undefined ? undefined : "message");
  if (typeof type !== "string") {
    problems.add(`${path}/type`, "must be a text; only a message, which has a role, may leave it out");
    return undefined;
  }
  const item = {
    ...members,
    type,
    id: members["id"] ?? nameItem(idPrefixOf(type)),
    ...(type === "message" ? messageMembers(members, path, problems) : {}),
  };
  return problems.check(itemSchema, item, path);
}

function messageMembers(members: Readonly<Record<string, unknown>>, path: string, problems: ProblemList): object {
  const { role, content, status } = members;
  if (typeof role !== "string" || role === "") problems.add(`${path}/role`, "must say who speaks");
  if (typeof content !== "string" && !Array.isArray(content)) {
    problems.add(`${path}/content`, "must be a text or an array of parts");
  }
  return {
    status: status ?? "completed",
    content: typeof content === "string" ? [textPart(role, content)] : content,
  };
}

function textPart(role: unknown, text: string): object {
  return role === "assistant" ? { type: "output_text", text, annotations: [] } : { type: "input_text", text };
}
