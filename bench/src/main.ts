import { mkdir, statfs, writeFile } from "node:fs/promises";
import { arch, cpus, release } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellResult } from "./cell.js";
import { runCellProcess } from "./cell-process.js";
import { engines, type EngineName } from "./engines/index.js";
import { summaryOf, type Measurement } from "./measurement.js";
import { parseOptions, usage, type Options } from "./options.js";
import { reportOf } from "./report.js";

const resultFile = fileURLToPath(new URL("../results/latest.json", import.meta.url));
/** What statfs calls a file system that lives in memory (Linux). */
const memoryFileSystems = new Set([0x01021994, 0x858458f6]);

/**
 * Round by round, and within a round engine by engine, so that whatever the machine does meanwhile meets all of them
 * alike.
 */
async function measure(options: Options): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const writers of options.writers) {
    const results = new Map<EngineName, CellResult[]>();
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const engine of options.engines) {
        const result = await runCellProcess(engine, { ...options, writers });
        results.set(engine, [...(results.get(engine) ?? []), result]);
        console.error(
          `${writers} writers, round ${round} of ${options.rounds}, ${engine}: ${result.insertsPerSecond.toFixed(0)}/s`,
        );
      }
    }
    for (const [engine, rounds] of results) {
      const { name, setting, peer, blocking } = await engines[engine]();
      measurements.push({ engine: { name, setting, peer, blocking }, writers, rounds });
    }
  }
  return measurements;
}

const options = parseOptions(process.argv.slice(2));
if (options === "help") {
  console.log(usage);
} else {
  const { type } = await statfs(options.directory);
  if (memoryFileSystems.has(type)) {
    throw new Error(
      `${options.directory} is in memory, where nothing is durable: name a directory on a disk with --directory.`,
    );
  }
  const machine = {
    node: process.version,
    system: `${process.platform} ${release()} ${arch()}`,
    processors: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    fileSystem: `0x${type.toString(16)}`,
  };
  const startedAt = new Date().toISOString();
  const measurements = await measure(options);
  await mkdir(dirname(resultFile), { recursive: true });
  const summarised = measurements.map((measurement) => ({ ...measurement, summary: summaryOf(measurement) }));
  await writeFile(
    resultFile,
    `${JSON.stringify({ startedAt, machine, options, measurements: summarised }, null, 2)}\n`,
  );
  console.log(
    `Durable inserts of 1 KB documents with two secondary indexes, median of ${options.rounds} rounds of ` +
      `${options.seconds} s, pacing ${options.pacing}.\n${machine.processors}, ${machine.system}, Node ${machine.node}, ` +
      `file system ${machine.fileSystem}.\n\n${reportOf(measurements)}`,
  );
}
