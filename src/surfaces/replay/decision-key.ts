/** The recipe that needs no naming: the reference calls it so, or leaves it out. */
const defaultRecipes: readonly (string | undefined)[] = [undefined, "", "default"];

/**
 * The name of a decision across recipes (`surfaces.md` 2.2): plain in the default recipe, else `recipe::name` with both
 * parts escaped as in a URL, so that the two colons can only be the separator.
 */
export function decisionKeyOf(recipe: string | undefined, decision: string | undefined): string | undefined {
  if (decision === undefined || decision === "") return undefined;
  if (defaultRecipes.includes(recipe)) return decision;
  return `${encodeURIComponent(recipe ?? "")}::${encodeURIComponent(decision)}`;
}

/** Which index finds a decision that a caller names: a key of another recipe has the separator in it. */
export function decisionIndexOf(named: string): "decision" | "decision_key" {
  return named.includes("::") ? "decision_key" : "decision";
}
