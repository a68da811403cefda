import { Command } from "commander";
import { backupCommand } from "./commands/backup.js";
import { changesCommand } from "./commands/changes.js";
import { compactCommand } from "./commands/compact.js";
import { configCommand } from "./commands/config.js";
import { contractCommand } from "./commands/contract.js";
import { deleteCommand } from "./commands/delete.js";
import { exportCommand } from "./commands/export.js";
import { getCommand } from "./commands/get.js";
import { importCommand } from "./commands/import.js";
import { listCommand } from "./commands/list.js";
import { putCommand } from "./commands/put.js";
import { recoverCommand } from "./commands/recover.js";
import { restoreCommand } from "./commands/restore.js";
import { serveCommand } from "./commands/serve.js";
import { statusCommand } from "./commands/status.js";
import { verifyCommand } from "./commands/verify.js";
import { waitReadyCommand } from "./commands/wait-ready.js";
import { exitCodes } from "./exit-codes.js";
import { addGlobalOptions } from "./global-options.js";
import type { Bind } from "./invocation.js";
import { version } from "../version.js";

const commands = [
  serveCommand,
  statusCommand,
  waitReadyCommand,
  recoverCommand,
  verifyCommand,
  listCommand,
  getCommand,
  putCommand,
  deleteCommand,
  changesCommand,
  exportCommand,
  importCommand,
  backupCommand,
  restoreCommand,
  compactCommand,
  contractCommand,
  configCommand,
];

/**
 * The command line as commander reads it.
 *
 * @param bind makes what a command does into what commander calls.
 * @param writeError gets what commander has to say about wrong usage.
 */
export function buildProgram(bind: Bind, writeError: (text: string) => void): Command {
  const program = new Command("holdfast")
    .description("Restart-safe state for AI routers, in one directory.")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showHelpAfterError("(holdfast --help lists the commands and options)")
    .configureOutput({ writeErr: writeError })
    .exitOverride()
    .addHelpText("after", exitCodeHelp());
  addGlobalOptions(program);
  for (const command of commands) {
    program.addCommand(addGlobalOptions(command(bind).copyInheritedSettings(program)));
  }
  return program;
}

function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(({ code, meaning }) => `  ${code}  ${meaning}`);
  return ["", "Exit codes:", ...lines].join("\n");
}
