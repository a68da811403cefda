import { Command } from "commander";
import { checkId } from "../../collections/check-id.js";
import { HoldfastError } from "../../errors.js";
import { checkCollectionName, existingCollection } from "../collection-of.js";
import type { Bind } from "../invocation.js";
import { openForReading } from "../open-state.js";
import { printable, printableJson } from "../printable.js";

export function getCommand(bind: Bind): Command {
  return new Command("get")
    .summary("print a document")
    .description("Prints the newest version of a document. Takes no lock.")
    .argument("<collection>")
    .argument("<id>")
    .action(
      bind(async (invocation, _options: object, name: string, id: string) => {
        checkCollectionName(name);
        checkId(id);
        const { config } = await invocation.loadConfig();
        await using state = await openForReading(invocation, config);
        const document = await existingCollection(state, name).get(id);
        if (document === undefined) throw noDocument(name, id);
        const { revision, updatedAt, expiresAt } = document;
        const expiry = expiresAt === undefined ? "" : `, expires ${expiresAt}`;
        invocation.output.result({ collection: name, ...document }, () => [
          printable(`${name}/${id}: revision ${revision}, updated ${updatedAt}${expiry}`),
          ...printableJson(document.body, 2).split("\n"),
        ]);
        return "done";
      }),
    );
}

export function noDocument(collection: string, id: string): HoldfastError {
  return new HoldfastError("NOT_FOUND", `There is no document ${JSON.stringify(id)} in ${collection}.`, {
    details: { collection, id },
  });
}
