import { Option, type Command } from "commander";
import { secondsAsMs } from "./numbers.js";

/** The options every command takes, before its name or behind it. */
export interface GlobalOptions {
  readonly directory?: string;
  readonly config?: string;
  readonly json?: boolean;
  /** Milliseconds. */
  readonly wait?: number;
  readonly takeOver?: boolean;
}

export function addGlobalOptions(command: Command): Command {
  const options = [
    new Option("--directory <path>", "the state directory (default: ./state)"),
    new Option(
      "--config <path>",
      "the configuration file (default: holdfast.config.json, .yaml or .yml, where there is one)",
    ),
    new Option("--json", "write JSON, one value a line; errors too"),
    new Option(
      "--wait <seconds>",
      "how long to wait for another process to leave the directory (default: 0)",
    ).argParser(secondsAsMs),
    new Option("--take-over", "take the directory from a process that is paused: alive, but without a heartbeat"),
  ];
  for (const option of options) command.addOption(option.helpGroup("Options of every command:"));
  return command;
}

/** The options of a command together with those before its name; given in both places, the later one counts. */
export function globalOptionsOf(command: Command): GlobalOptions {
  return { ...command.parent?.opts<GlobalOptions>(), ...command.opts<GlobalOptions>() };
}
