import type { Command } from "commander";
import { loadConfig, type LoadedConfig } from "../config/index.js";
import type { Exit } from "./exit-codes.js";
import { globalOptionsOf, type GlobalOptions } from "./global-options.js";
import { Output } from "./output.js";

/** One command being run: what was asked for, and where to answer. */
export interface Invocation {
  readonly options: GlobalOptions;
  readonly output: Output;
  /**
   * Reads the configuration.
   *
   * @param flags the command's own flags that are settings, by the name of the setting.
   * @throws HoldfastError `INVALID_CONFIG` with every problem listed.
   */
  readonly loadConfig: (flags?: SettingFlags) => Promise<LoadedConfig>;
}

export type SettingFlags = Readonly<Record<string, { readonly flag: string; readonly text: string }>>;

/** What a command does: gets its options and arguments as commander parsed them, and says how it ended. */
export type CommandBody<Options, Arguments extends readonly unknown[]> = (
  invocation: Invocation,
  options: Options,
  ...given: Arguments
) => Promise<Exit>;

/** Makes a body into an action for commander. */
export type Bind = <Options, Arguments extends readonly unknown[]>(
  body: CommandBody<Options, Arguments>,
) => (...received: unknown[]) => Promise<void>;

/** @param ended is told how the body ended, since commander drops what an action returns. */
export function bindTo(ended: (exit: Exit) => void): Bind {
  return (body) =>
    async (...received) => {
      // Commander calls an action with the arguments, then the options, then the command.
      const command = received.at(-1) as Command;
      const options = received.at(-2) as Parameters<typeof body>[1];
      const given = received.slice(0, -2) as never;
      ended(await body(invocationOf(command), options, ...given));
    };
}

function invocationOf(command: Command): Invocation {
  const options = globalOptionsOf(command);
  return {
    options,
    output: new Output(options.json === true, process.stdout, process.stderr),
    loadConfig: (flags = {}) =>
      loadConfig({
        workingDirectory: process.cwd(),
        environment: process.env,
        file: options.config,
        flags: { ...flagsOf(options), ...flags },
      }),
  };
}

function flagsOf({ directory, wait }: GlobalOptions): SettingFlags {
  return {
    ...(directory === undefined ? {} : { directory: { flag: "--directory", text: directory } }),
    ...(wait === undefined ? {} : { "lock.waitMs": { flag: "--wait", text: String(wait) } }),
  };
}
