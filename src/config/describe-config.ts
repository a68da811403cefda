import { describeOrigin, type Origin } from "./layer.js";
import type { LoadedConfig } from "./load-config.js";
import { settings } from "./settings.js";

/** One setting in effect, for `holdfast config`. There is no secret among the settings. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
  /** The origin in a few words: `file /etc/holdfast.yaml`. */
  readonly source: string;
  readonly environmentVariable: string;
}

/** Every setting in effect with where it came from, in the order of the schema. */
export function describeConfig({ config, origins }: LoadedConfig): DescribedSetting[] {
  return settings.map(({ name, path, environmentVariable }) => {
    const origin = origins.get(name) ?? { from: "default" };
    let value: unknown = config;
    for (const member of path) value = (value as Record<string, unknown>)[member];
    return { name, value, origin, source: describeOrigin(origin), environmentVariable };
  });
}
