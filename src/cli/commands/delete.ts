import { Command } from "commander";
import { checkId } from "../../collections/check-id.js";
import { checkCollectionName, existingCollection } from "../collection-of.js";
import type { Bind } from "../invocation.js";
import { wholeNumber } from "../numbers.js";
import { openForOneChange } from "../open-state.js";
import { printable } from "../printable.js";
import { noDocument } from "./get.js";

interface DeleteOptions {
  readonly ifRevision?: number;
}

export function deleteCommand(bind: Bind): Command {
  return new Command("delete")
    .summary("delete a document")
    .description("Deletes a document, durably. A service on the same directory must not be running.")
    .argument("<collection>")
    .argument("<id>")
    .option("--if-revision <number>", "only if the document is at this revision", wholeNumber)
    .action(
      bind(async (invocation, { ifRevision }: DeleteOptions, name: string, id: string) => {
        checkCollectionName(name);
        checkId(id);
        const { config } = await invocation.loadConfig();
        await using state = await openForOneChange(invocation, config, false);
        const existed = await existingCollection(state, name).delete(
          id,
          ifRevision === undefined ? {} : { ifRevision },
        );
        if (!existed) throw noDocument(name, id);
        invocation.output.result({ collection: name, id, deleted: true }, () => [printable(`${name}/${id}: deleted`)]);
        return "done";
      }),
    );
}
