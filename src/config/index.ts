/**
 * The configuration: one schema, read from file, environment and flags, each value with its origin.
 *
 * @module
 */
export { configFileNames } from "./config-file.js";
export { describeConfig, type DescribedSetting } from "./describe-config.js";
export { configFileVariable } from "./environment.js";
export { describeOrigin, type Origin } from "./layer.js";
export { loadConfig, type ConfigSources, type LoadedConfig } from "./load-config.js";
export { nearestName } from "./nearest-name.js";
export { configSchema, type Config } from "./schema.js";
export { settings, type Setting } from "./settings.js";
