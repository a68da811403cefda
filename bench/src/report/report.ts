import type { Run, Setup, TableName } from "../run.js";
import { whole, table } from "./format.js";
import { limitsSection } from "./limits.js";
import { engineNamed, groupsOf } from "./select.js";
import { diskTable, openTable, readTable } from "./store-tables.js";
import { targetsOf, type Target } from "./targets.js";
import { watchTable } from "./watch-table.js";
import { ownFigures, sustainedTable, writeTable, writeTitle } from "./write-tables.js";

/** The tables for people, in Markdown, each with the targets it decides. */
export function reportOf(run: Run): string {
  return [machineOf(run), ...sectionsOf(run)].join("\n\n");
}

/** Everything but the machine. */
export function sectionsOf(run: Run): string[] {
  const targets = targetsOf(run);
  const decided = (name: TableName, setup?: Setup): string[] => {
    const own = targets.filter(
      (target) =>
        target.table === name && (setup === undefined || JSON.stringify(target.setup) === JSON.stringify(setup)),
    );
    return own.length === 0 ? [] : [own.map(targetLine).join("\n")];
  };
  const section = (title: string, parts: readonly string[]): string[] =>
    parts.length === 0 ? [] : [`## ${title}`, ...parts];
  const ofGroups = (
    name: TableName,
    part: (group: ReturnType<typeof groupsOf>[number]) => readonly string[],
  ): string[] => groupsOf(run, name).flatMap((group) => [...part(group), ...decided(name, group.setup)]);
  const opening = (name: TableName, title: string): string[] =>
    groupsOf(run, name).length === 0 ? [] : [`### ${title}`, openTable(run, name), ...decided(name)];

  return [
    ...section("Targets", summaryOf(targets)),
    ...section(
      "Durable inserts, two secondary indexes",
      ofGroups("insert", ({ setup, all }) => [
        `### ${writeTitle(setup)}`,
        writeTable(all, engineNamed(all, "redis") !== undefined),
        ...ownFigures(all),
      ]),
    ),
    ...section(
      "Lifecycle: an insert and four updates per record",
      ofGroups("lifecycle", ({ setup, all }) => [
        `### ${writeTitle(setup)}, one record in flight each`,
        writeTable(all, engineNamed(all, "redis") !== undefined),
      ]),
    ),
    ...section(
      "Sustained inserts, checkpoints and merging included",
      ofGroups("sustained", ({ setup, all }) => [
        `### ${writeTitle(setup)}, ${whole(setup["seconds"])} s`,
        sustainedTable(all),
        ...ownFigures(all),
      ]),
    ),
    ...section(
      "Warm reads",
      ofGroups("read", ({ setup, all }) => [
        `### ${whole(setup["documents"])} documents`,
        readTable(all, run.options.readers),
      ]),
    ),
    ...section("Open and first read, and peak memory, by number of documents", [
      ...opening("open clean", "After a clean close"),
      ...opening("open killed", "After SIGKILL in the middle of writing"),
    ]),
    ...section(
      "On the disk",
      ofGroups("store", ({ setup, all }) => [
        `### ${whole(setup["documents"])} documents of 1 KB`,
        diskTable(all, setup["documents"] ?? Number.NaN),
      ]),
    ),
    ...section(
      "Watching the startup status from another process",
      ofGroups("watch", ({ setup, all }) => [
        `### ${whole(setup["updates"])} updates at ${whole(setup["perSecond"])} per second, and as many back to back`,
        watchTable(all),
      ]),
    ),
    ...section("Where the time goes, against the physical limit", limitsSection(run)),
    ...section("Engines", settingsOf(run)),
    ...section("Not measured", notMeasured(run)),
  ];
}

export function machineOf({ machine, options, command, startedAt, finishedAt, versions }: Run): string {
  const minutes = (Date.parse(finishedAt) - Date.parse(startedAt)) / 60_000;
  return [
    `- command: \`npm run bench${command === "" ? "" : ` -- ${command}`}\`, ${startedAt.slice(0, 10)}, ${minutes.toFixed(1)} minutes`,
    `- processors: ${machine.processors}; memory: ${whole(machine.memoryBytes / 1024 ** 3)} GiB`,
    `- disk: ${machine.disk}; file system: ${machine.fileSystem}`,
    `- system: ${machine.system}; Node ${machine.node}`,
    `- ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
    `- median of ${options.rounds} ${options.rounds === 1 ? "round" : "rounds"}, windows of ${options.seconds} s behind ${options["warm-up"]} s of warm-up, pacing ${options.pacing}`,
  ].join("\n");
}

function summaryOf(targets: readonly Target[]): string[] {
  if (targets.length === 0) return [];
  const missed = targets.filter((target) => target.verdict.startsWith("**missed**"));
  return [
    `${targets.length - missed.length} of ${targets.length} met.`,
    table(
      ["target", "measured", "verdict"],
      targets.map((target) => [`${whereOf(target)}: ${target.asked}`, target.measured, target.verdict]),
    ),
  ];
}

function whereOf({ table: name, setup }: Target): string {
  const { documents, documentBytes, writers } = setup;
  if (documents !== undefined) return `${name}, ${whole(documents)} documents`;
  if (documentBytes !== undefined && writers !== undefined) return `${name}, ${writeTitle({ documentBytes, writers })}`;
  return name;
}

function targetLine(target: Target): string {
  return `- ${target.asked}: measured ${target.measured}, ${target.verdict}`;
}

function settingsOf({ engines }: Run): string[] {
  const lines = Object.values(engines).map(({ name, setting }) => `- ${name}: ${setting}`);
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function notMeasured({ leftOut, failures }: Run): string[] {
  const lines = [
    ...leftOut.map((each) => `- ${each}`),
    ...failures.map(({ table: name, setup, engine, message }) => {
      const where = Object.entries(setup)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ");
      return `- **failed**: ${engine}, ${name}, ${where}: ${message.replaceAll(/\s+/g, " ").slice(0, 500)}`;
    }),
  ];
  return lines.length === 0 ? [] : [lines.join("\n")];
}
