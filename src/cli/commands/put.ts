import { Command } from "commander";
import { checkId } from "../../collections/check-id.js";
import { HoldfastError } from "../../errors.js";
import type { StateDirectory } from "../../open-state-directory.js";
import type { Collection } from "../../collections/index.js";
import { checkCollectionName, existingCollection } from "../collection-of.js";
import type { Bind } from "../invocation.js";
import { wholeNumber } from "../numbers.js";
import { openForOneChange } from "../open-state.js";
import { printable } from "../printable.js";
import { readStandardInput } from "../standard-input.js";

interface PutOptions {
  readonly ifRevision?: number;
  readonly create?: boolean;
}

export function putCommand(bind: Bind): Command {
  return new Command("put")
    .summary("create or replace a document")
    .description("Creates or replaces a document, durably. A service on the same directory must not be running.")
    .argument("<collection>")
    .argument("<id>")
    .argument("[json]", "the body; read from standard input when absent or -")
    .option(
      "--if-revision <number>",
      "only if the document is at this revision; 0: only if it does not exist",
      wholeNumber,
    )
    .option("--create", "begin a collection that does not exist yet")
    .action(
      bind(async (invocation, options: PutOptions, name: string, id: string, given: string | undefined) => {
        // What can be refused is refused before a directory is taken, or made.
        checkCollectionName(name);
        checkId(id);
        const { config } = await invocation.loadConfig();
        const fromInput = given === undefined || given === "-";
        const text = fromInput ? await readStandardInput(config.limits.documentBytes) : given;
        const body = parseBody(text, fromInput ? "Standard input" : "The body given");
        await using state = await openForOneChange(invocation, config, options.create === true);
        const { ifRevision } = options;
        const head = await writable(state, name, options).put(id, body, ifRevision === undefined ? {} : { ifRevision });
        invocation.output.result({ collection: name, ...head }, () => [
          printable(`${name}/${id}: revision ${head.revision}, sequence ${head.sequence}`),
        ]);
        return "done";
      }),
    );
}

function writable(state: StateDirectory, name: string, { create = false }: PutOptions): Collection<unknown> {
  const collection = state.collectionNamed(name, { create });
  if (collection !== undefined) return collection;
  try {
    return existingCollection(state, name);
  } catch (cause) {
    const { message } = cause as Error;
    throw new HoldfastError("NOT_FOUND", `${message} Use --create to begin it.`, {
      cause,
      details: { collection: name },
    });
  }
}

function parseBody(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw HoldfastError.ofProblems("INVALID_DOCUMENT", `${source} is not JSON.`, [
      { path: "", message: (cause as Error).message },
    ]);
  }
}
