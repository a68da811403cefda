import { HoldfastError } from "../../errors.js";

/** Deeper than any store takes a body; what recurses stops here before the stack does. */
const deepest = 1_000;

/**
 * Applies a JSON merge patch (RFC 7396): members of the patch replace those of the target, objects are merged, `null`
 * removes a member. Neither argument is changed.
 *
 * @throws HoldfastError `INVALID_DOCUMENT` for a patch that is nested too deep.
 */
export function mergePatch(target: unknown, patch: unknown, depth = 1): unknown {
  if (depth > deepest) {
    throw new HoldfastError("INVALID_DOCUMENT", `The merge patch is nested deeper than ${deepest} levels.`);
  }
  if (!isObject(patch)) return patch;
  // `fromEntries` defines members instead of assigning them, so a member called `__proto__` stays one and is refused
  // later like everywhere else.
  const members = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), value, depth + 1));
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
