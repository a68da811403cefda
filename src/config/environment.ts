import type { Problem } from "../errors.js";
import { layerOfTexts, type GivenText, type Layer } from "./layer.js";
import { nearestName } from "./nearest-name.js";
import { settings } from "./settings.js";

/** Names the configuration file, as `--config` does; it is not itself a setting. */
export const configFileVariable = "HOLDFAST_CONFIG";

/** Holds keys of the service, see `loadAccessKeys`; not a setting either, since settings are shown. */
export const keysVariable = "HOLDFAST_KEYS";

const otherVariables: readonly string[] = [configFileVariable, keysVariable];
const prefix = "HOLDFAST_";

/**
 * The layer of the `HOLDFAST_*` variables. One that nobody knows is a problem, not a no-op: a misspelled limit would
 * otherwise silently not apply.
 */
export function layerOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Layer {
  const known = new Map(settings.map((setting) => [setting.environmentVariable, setting]));
  const given: GivenText[] = [];
  const unknown: Problem[] = [];
  for (const [variable, text] of Object.entries(environment).sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (text === undefined || !variable.startsWith(prefix) || otherVariables.includes(variable)) continue;
    const setting = known.get(variable);
    if (setting !== undefined) {
      given.push({ setting, text, origin: { from: "environment", variable } });
    } else {
      const nearest = nearestName(variable, [...known.keys(), ...otherVariables]);
      const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
      unknown.push({ path: "", message: `Unknown variable ${variable} in the environment${hint}` });
    }
  }
  const { values, problems } = layerOfTexts(given);
  return { values, problems: [...problems, ...unknown] };
}
