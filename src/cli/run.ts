import { CommanderError } from "commander";
import { exitCodes, exitOf, type Exit } from "./exit-codes.js";
import { bindTo } from "./invocation.js";
import { deliveryFailure, Output } from "./output.js";
import { printableLines } from "./printable.js";
import { buildProgram } from "./program.js";
import { errorAsJson, errorLines } from "./render/error.js";

/**
 * Runs one command line to its end.
 *
 * @param given the arguments behind the name of the program.
 * @returns the exit code. It never rejects: what went wrong has been written to stderr.
 */
export async function run(given: readonly string[]): Promise<number> {
  let exit: Exit = "done";
  let complaint = "";
  const program = buildProgram(
    bindTo((ended) => (exit = ended)),
    (text) => (complaint += text),
  );
  try {
    await program.parseAsync(given, { from: "user" });
  } catch (error) {
    exit = exitOf(error);
    if (exit !== "done") report(error, complaint, new Output(asksForJson(given), process.stdout, process.stderr));
  }
  const undelivered = await deliveryFailure(process.stdout);
  if (undelivered !== undefined) {
    const message = `the result could not be written: ${undelivered.message}`;
    const output = new Output(asksForJson(given), process.stdout, process.stderr);
    output.error({ code: "UNEXPECTED", message, details: {}, problems: [] }, () => [`holdfast: ${message}`]);
    if (exit === "done") exit = "failed";
  }
  return exitCodes[exit].code;
}

/** The options themselves may be what could not be read, so this looks for the word alone. */
function asksForJson(given: readonly string[]): boolean {
  const end = given.indexOf("--");
  return given.slice(0, end === -1 ? undefined : end).includes("--json");
}

function report(error: unknown, complaint: string, output: Output): void {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "");
    output.error({ code: "WRONG_USAGE", message, details: {}, problems: [] }, () =>
      printableLines(complaint.trimEnd()).split("\n"),
    );
  } else {
    output.error(errorAsJson(error), () => errorLines(error));
  }
}
