/**
 * The configuration: one schema, read from file, environment and flags, each value with its origin.
 *
 * @module
 */
export { keyRoles, loadAccessKeys, type ConfiguredKey, type KeyRole } from "./access-keys.js";
export { configFileNames } from "./config-file.js";
export { describeConfig, type DescribedSetting } from "./describe-config.js";
export { configFileVariable, keysVariable } from "./environment.js";
export { describeOrigin, type Origin } from "./layer.js";
export { loadConfig, type ConfigSources, type LoadedConfig } from "./load-config.js";
export { nearestName } from "./nearest-name.js";
export { configSchema, type Config } from "./schema.js";
export { settings, type Setting } from "./settings.js";
