import { Command } from "commander";
import { durabilityContract, limitsText, type SurfaceContract } from "../../contract/index.js";
import { HoldfastError } from "../../errors.js";
import type { Bind } from "../invocation.js";
import { table } from "../render/table.js";

interface ContractOptions {
  readonly surface?: string;
}

export function contractCommand(bind: Bind): Command {
  return new Command("contract")
    .summary("print what each surface promises about its state")
    .description(
      "Prints the durability contract: per surface its class, owner and backend, what acknowledgment means, how long it " +
        "is kept, what a restart does, and what is reported. Needs no directory.",
    )
    .option("--surface <name>", "all that is promised of one surface")
    .action(
      bind(({ output }, { surface }: ContractOptions) => {
        if (surface === undefined) output.result(durabilityContract, overview);
        else {
          const contract = surfaceNamed(surface);
          output.result(contract, () => details(contract));
        }
        return Promise.resolve("done" as const);
      }),
    );
}

/** @throws HoldfastError `INVALID_CONFIG` naming the surfaces there are. */
function surfaceNamed(name: string): SurfaceContract {
  const found = durabilityContract.surfaces.find(({ surface }) => surface === name);
  if (found !== undefined) return found;
  const names = durabilityContract.surfaces.map(({ surface }) => surface).join(", ");
  throw HoldfastError.ofProblems("INVALID_CONFIG", "The contract has no such surface.", [
    { path: "--surface", message: `${JSON.stringify(name)} is none of ${names}` },
  ]);
}

function overview(): string[] {
  return table([
    ["SURFACE", "CLASS", "DURABLE", "KEPT FOR"],
    ...durabilityContract.surfaces.map(({ surface, class: stateClass, durability, retention }) => [
      surface,
      stateClass,
      durability,
      limitsText(retention.limits),
    ]),
  ]);
}

function details({ surface, class: stateClass, class_here, ...contract }: SurfaceContract): string[] {
  const { access, collections } = contract;
  return table([
    ["SURFACE", surface],
    ["CLASS", stateClass],
    ["HERE", class_here],
    ["OWNER", contract.owner],
    ["BACKEND", contract.backend.join(", ")],
    ["DURABLE", contract.durability],
    ["ACKNOWLEDGED", contract.acknowledgment],
    ["KEPT FOR", limitsText(contract.retention.limits)],
    ["", contract.retention.rule],
    ["A RESTART", contract.restart],
    ...contract.reported.map((text, index) => [index === 0 ? "REPORTED" : "", text]),
    ...collections.map(({ name, holds }, index) => [index === 0 ? "COLLECTIONS" : "", `${name}: ${holds}`]),
    ["ACCESS", access === null ? "no route serves it" : `read ${access.read}, write ${access.write}`],
    ...(access === null ? [] : [["VIEWER", access.viewer]]),
  ]);
}
