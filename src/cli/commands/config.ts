import { Command } from "commander";
import { describeConfig } from "../../config/index.js";
import type { Bind } from "../invocation.js";
import { printable } from "../printable.js";
import { table } from "../render/table.js";

export function configCommand(bind: Bind): Command {
  return new Command("config")
    .summary("print every setting in effect and where it came from")
    .description(
      "Prints every setting in effect and where it came from: defaults, then the configuration file, then HOLDFAST_* " +
        "variables, then flags.",
    )
    .action(
      bind(async ({ output, loadConfig }) => {
        const loaded = await loadConfig();
        const described = describeConfig(loaded);
        output.result(
          {
            file: loaded.file ?? null,
            settings: described.map(({ name, value, origin, environmentVariable }) => ({
              name,
              value,
              origin,
              environmentVariable,
            })),
          },
          () =>
            table([
              ["SETTING", "VALUE", "FROM"],
              ...described.map(({ name, value, source }) => [name, printable(String(value)), printable(source)]),
            ]),
        );
        return "done";
      }),
    );
}
