/**
 * JSON in which equal values are equal texts: members sorted by name, members that are `undefined` left out, no space.
 * Arrays keep their order.
 *
 * @throws TypeError for what JSON can not say: a bigint, or a cycle (as a RangeError).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  if ("toJSON" in value && typeof value.toJSON === "function") return JSON.parse(JSON.stringify(value)) as unknown;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([left], [right]) => (left < right ? -1 : 1));
  // Without a prototype, `__proto__` is a member like any other.
  const result = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of members) result[name] = sorted(member);
  return result;
}
