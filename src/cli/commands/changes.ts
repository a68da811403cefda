import { Command } from "commander";
import type { Change, ChangeOperation } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import type { StateDirectory } from "../../open-state-directory.js";
import { checkCollectionName } from "../collection-of.js";
import { interruption } from "../interruption.js";
import type { Bind } from "../invocation.js";
import { wholeNumber } from "../numbers.js";
import { openForReading } from "../open-state.js";
import { printable } from "../printable.js";

interface ChangesOptions {
  readonly since?: number;
  readonly follow?: boolean;
  readonly collection?: string;
}

export function changesCommand(bind: Bind): Command {
  return new Command("changes")
    .summary("print committed changes in order")
    .description(
      "Prints committed changes in order, without gap or repeat. Without --since: all that the journal still keeps, " +
        "or with --follow those from now on. Takes no lock.",
    )
    .option("--since <sequence>", "begin behind this sequence number", wholeNumber)
    .option("--follow", "go on with what is committed from now on, until interrupted")
    .option("--collection <name>", "only the changes of this collection")
    .action(
      bind(async (invocation, options: ChangesOptions) => {
        // A name that can not be one is refused; one that is not there yet may come.
        if (options.collection !== undefined) checkCollectionName(options.collection);
        const { config } = await invocation.loadConfig();
        const { output } = invocation;
        using interrupted = interruption();
        const signal = AbortSignal.any([interrupted.signal, output.abandoned]);
        await using state = await openForReading(invocation, config);
        for await (const change of selectedChanges(state, options, signal)) {
          output.result(change, () => linesOf(change));
        }
        return "done";
      }),
    );
}

async function* selectedChanges(
  state: StateDirectory,
  { since, follow = false, collection }: ChangesOptions,
  signal: AbortSignal,
): AsyncGenerator<Change> {
  const newest = state.lastSequence;
  const begin = since ?? (follow ? newest : 0);
  if (!follow && begin >= newest) return;
  for await (const change of changesBehind(state, begin, since !== undefined, signal)) {
    const operations = change.operations.filter(
      (operation) => collection === undefined || operation.collection === collection,
    );
    if (operations.length > 0) yield { ...change, operations };
    if (!follow && change.sequence >= newest) return;
  }
}

/** @param exactly whether it is an error that changes behind `begin` are no longer kept. */
async function* changesBehind(
  state: StateDirectory,
  begin: number,
  exactly: boolean,
  signal: AbortSignal,
): AsyncGenerator<Change> {
  let begun = false;
  try {
    for await (const change of state.changes({ since: begin, signal })) {
      begun = true;
      yield change;
    }
  } catch (error) {
    // Once something was printed, going on from elsewhere would be a gap that nobody is told of.
    if (exactly || begun || !isHoldfastError(error, "COMPACTED")) throw error;
    const oldest = Number(error.details["oldest"]);
    yield* state.changes({ since: oldest - 1, signal });
  }
}

function linesOf({ sequence, time, operations }: Change): string[] {
  return operations.map((operation) => `${sequence}  ${printable(time)}  ${describe(operation)}`);
}

function describe(operation: ChangeOperation): string {
  const { type, collection, id, revision } = operation;
  return printable(`${type.padEnd(6)}  ${collection}/${id}  revision ${revision}`);
}
