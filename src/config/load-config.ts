import { dirname, resolve } from "node:path";
import { HoldfastError, type Problem } from "../errors.js";
import { readConfigFile } from "./config-file.js";
import { configFileVariable, layerOfEnvironment } from "./environment.js";
import { describeOrigin, layerOfFile, layerOfTexts, pointerOf, type Layer, type Origin } from "./layer.js";
import { configSchema, relations, type Config } from "./schema.js";
import { settings, type Setting } from "./settings.js";

export interface ConfigSources {
  /** Absolute: where a configuration file is looked for, and what relative paths are relative to. */
  readonly workingDirectory: string;
  /** Usually `process.env`; only what begins with `HOLDFAST_` is looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--config`. */
  readonly file?: string | undefined;
  /** By the name of the setting (`lock.waitMs`): the flag's name, and its value as text. */
  readonly flags?: Readonly<Record<string, { readonly flag: string; readonly text: string }>>;
}

/** The configuration in effect, and where each value came from. */
export interface LoadedConfig {
  /** `directory` is absolute. */
  readonly config: Config;
  /** By the name of the setting: `lock.waitMs`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Absolute; `undefined` if there is none. */
  readonly file: string | undefined;
}

/**
 * Reads the configuration: defaults, then file, then environment, then flags, the later winning value by value.
 *
 * @throws HoldfastError `INVALID_CONFIG` with every problem of every source at once. A bad value is refused even where
 * a later source overrides it: it would come back the day that source is gone.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const named = sources.file ?? sources.environment[configFileVariable];
  const file = await readConfigFile(sources.workingDirectory, named);
  const layers: Layer[] = [
    layerOfDefaults(),
    ...(file === undefined ? [] : [layerOfFile(file.path, file.content)]),
    layerOfEnvironment(sources.environment),
    layerOfFlags(sources.flags ?? {}),
  ];
  const merged = new Map<Setting, { value: unknown; origin: Origin }>();
  for (const layer of layers) {
    for (const [setting, given] of layer.values) merged.set(setting, given);
  }

  const input: Record<string, unknown> = {};
  for (const [setting, given] of merged) setAt(input, setting.path, located(setting, given, sources.workingDirectory));
  const problems = layers.flatMap((layer) => layer.problems);
  const origins = new Map([...merged].map(([setting, { origin }]) => [setting.name, origin]));
  problems.push(...brokenRelations(input as Config, origins, problems));
  if (problems.length > 0) {
    throw HoldfastError.ofProblems("INVALID_CONFIG", "The configuration is not valid.", problems);
  }
  return { config: configSchema.parse(input), origins, file: file?.path };
}

function layerOfDefaults(): Layer {
  const origin: Origin = { from: "default" };
  return {
    values: new Map(settings.map((setting) => [setting, { value: setting.defaultValue, origin }])),
    problems: [],
  };
}

function layerOfFlags(flags: NonNullable<ConfigSources["flags"]>): Layer {
  return layerOfTexts(
    settings.flatMap((setting) => {
      const given = flags[setting.name];
      return given === undefined ? [] : [{ setting, text: given.text, origin: { from: "flag", flag: given.flag } }];
    }),
  );
}

/** Relations are only looked at where both values are good: one mistake is then reported once. */
function brokenRelations(config: Config, origins: ReadonlyMap<string, Origin>, known: readonly Problem[]): Problem[] {
  const spoiled = new Set(known.map(({ path }) => path));
  return relations
    .filter(({ settings: names }) => !names.some((name) => spoiled.has(pointerOf(name.split(".")))))
    .filter(({ holds }) => !holds(config))
    .map(({ path, message, settings: names }) => {
      const sources = names.map((name) => `${name} from ${describeOrigin(origins.get(name) ?? { from: "default" })}`);
      return { path: pointerOf(path), message: `${message} (${sources.join(", ")})` };
    });
}

const pathSettings: ReadonlySet<string> = new Set(["directory", "server.keysFile"]);

/** Paths are made absolute here, where it is still known relative to what they were given. */
function located(setting: Setting, given: { value: unknown; origin: Origin }, workingDirectory: string): unknown {
  if (!pathSettings.has(setting.name) || typeof given.value !== "string") return given.value;
  const base = given.origin.from === "file" ? dirname(given.origin.file) : workingDirectory;
  return resolve(base, given.value);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let parent = target;
  for (const member of path.slice(0, -1)) parent = (parent[member] ??= {}) as Record<string, unknown>;
  const last = path.at(-1);
  if (last !== undefined) parent[last] = value;
}
