import { byteCount, duration } from "./quantities.js";
import {
  stateBackends,
  stateClasses,
  type ContractLimits,
  type DurabilityContract,
  type SurfaceContract,
} from "./surface-contract.js";

/** The contract as Markdown: what stands in `docs/durability-contract.md`. */
export function contractPage({ surfaces }: DurabilityContract): string {
  return [
    "# The durability contract",
    "",
    "<!-- Generated from src/contract by scripts/generate-contract.mjs. A test fails when it is not what that writes. -->",
    "",
    "What each surface promises about its state. The program holds itself to it: opening a directory fails if a",
    "collection has no place here, or is kept otherwise than it says. `holdfast contract` prints it, with `--json` as",
    "data; the service serves it at `GET /v1/operator/contract`.",
    "",
    ...table(
      ["Surface", "Class", "Durable", "Kept for", "A restart"],
      surfaces.map((surface) => [
        `[${surface.surface}](#${surface.surface})`,
        `\`${surface.class}\``,
        durabilityWords[surface.durability],
        limitsText(surface.retention.limits),
        firstSentence(surface.restart),
      ]),
    ),
    "",
    "## Words",
    "",
    ...table(
      ["Class", "Meaning"],
      Object.entries(stateClasses).map(([name, text]) => [`\`${name}\``, text]),
    ),
    "",
    ...table(
      ["Backend", "Where that is"],
      Object.entries(stateBackends).map(([name, text]) => [`\`${name}\``, text]),
    ),
    ...surfaces.flatMap(surfaceSection),
    "",
  ].join("\n");
}

const durabilityWords: Readonly<Record<SurfaceContract["durability"], string>> = {
  journaled: "journaled before it is acknowledged",
  replaced_file: "file replaced and synced before it is acknowledged",
  none: "no",
};

function surfaceSection(surface: SurfaceContract): string[] {
  const { access } = surface;
  return [
    "",
    `## ${surface.surface}`,
    "",
    ...table(
      ["", ""],
      [
        [
          "Class",
          `\`${surface.class}\`${surface.class_here === surface.class ? "" : `; in a directory on one host \`${surface.class_here}\``}`,
        ],
        ["Owner", surface.owner],
        ["Backend", surface.backend.map((name) => `\`${name}\``).join(", ")],
        ["Acknowledged", surface.acknowledgment],
        ["Kept for", `${limitsText(surface.retention.limits)}. ${surface.retention.rule}`],
        ["A restart", surface.restart],
        ["Reported", surface.reported.join("; ")],
        [
          "Access",
          access === null
            ? "no route serves it"
            : `read \`${access.read}\`, write \`${access.write}\`. A viewer sees: ${access.viewer}`,
        ],
      ],
    ),
    ...(surface.collections.length === 0
      ? []
      : [
          "",
          ...table(
            ["Collection", "A document is", "The store removes"],
            surface.collections.map(({ name, holds, retention }) => [
              `\`${name}\``,
              holds,
              Object.keys(retention).length === 0 ? "nothing by itself" : `beyond ${limitsText(retention)}`,
            ]),
          ),
        ]),
  ];
}

/** Limits in words; without any, that there are none. */
export function limitsText({ timeToLiveMs, maximumCount, maximumBytes }: ContractLimits): string {
  const limits = [
    ...(timeToLiveMs === undefined ? [] : [duration(timeToLiveMs)]),
    ...(maximumCount === undefined ? [] : [`at most ${maximumCount.toLocaleString("en-US")}`]),
    ...(maximumBytes === undefined ? [] : [`at most ${byteCount(maximumBytes)}`]),
  ];
  return limits.length === 0 ? "without limit" : limits.join(", ");
}

function firstSentence(text: string): string {
  return /^.*?[.:;](?=\s|$)/.exec(text)?.[0].replace(/[:;]$/, ".") ?? text;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
