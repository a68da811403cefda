import type { Run, TableName } from "../run.js";
import { megabytes, milliseconds, ratio, table, whole } from "./format.js";
import { figureOf, groupsOf, type Measured } from "./select.js";

/** Reads per second by kind and number of readers. */
export function readTable(all: readonly Measured[], readers: readonly number[]): string {
  const columns = [
    ["point", "point reads/s"],
    ["newest", "newest-20/s"],
    ["conversation", "by conversation/s"],
  ].flatMap(([kind = "", title = ""]) =>
    readers.map((count) => ({ name: `${kind}By${count}`, title: `${title}, ${count} at once` })),
  );
  return table(
    ["engine", ...columns.map(({ title }) => title), "loop delay p99 ms", "peak memory MB"],
    all.map((measured) => [
      measured.description.name,
      ...columns.map(({ name }) => whole(figureOf(measured, name))),
      milliseconds(figureOf(measured, "loopDelayP99")),
      megabytes(figureOf(measured, "peakMemory")),
    ]),
  );
}

/** The curve over the sizes of the stores: time to open and read, and peak memory. */
export function openTable(run: Run, name: TableName): string {
  const groups = groupsOf(run, name);
  const engines = [...new Set(groups.flatMap(({ all }) => all.map(({ engine }) => engine)))];
  return table(
    ["engine", ...groups.map(({ setup }) => whole(setup["documents"]))],
    engines.map((engine) => [
      run.engines[engine]?.name ?? engine,
      ...groups.map(({ all }) => {
        const measured = all.find((each) => each.engine === engine);
        if (measured === undefined) return "-";
        const server = figureOf(measured, "serverMemory");
        const memory = megabytes(figureOf(measured, "peakMemory"));
        const both = server > 0 ? `${memory} + ${megabytes(server)}` : memory;
        return `${milliseconds(figureOf(measured, "openAndRead"))} ms, ${both} MB`;
      }),
    ]),
  );
}

/** What the stores take on the disk. */
export function diskTable(all: readonly Measured[], documents: number): string {
  return table(
    [
      "engine",
      "times the documents, loaded",
      "merged",
      "bytes per document, loaded",
      "merged",
      "files, loaded",
      "merged",
      "inodes per document, merged",
      "loaded in s",
      "merged in s",
    ],
    all.map((measured) => {
      const figure = (name: string): number => figureOf(measured, name);
      return [
        measured.description.name,
        ratio(figure("loadedBytes") / figure("bodyBytes")),
        ratio(figure("mergedBytes") / figure("bodyBytes")),
        whole(figure("loadedBytes") / documents),
        whole(figure("mergedBytes") / documents),
        whole(figure("loadedFiles")),
        whole(figure("mergedFiles")),
        (figure("mergedInodes") / documents).toFixed(4),
        (figure("load") / 1000).toFixed(1),
        (figure("merge") / 1000).toFixed(1),
      ];
    }),
  );
}
