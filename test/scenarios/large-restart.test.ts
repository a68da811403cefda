import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.js";
import { readServedState } from "./served-state.js";
import { ServiceProcess } from "./service-process.js";

const program = fileURLToPath(new URL("../../build/test/programs/large-state.js", import.meta.url));
const counts = { responses: 10_000, replay: 10_000, vectorStores: 200, attachments: 2_000, files: 1_000 };

test("a restart with tens of thousands of documents serves everything as it was", async () => {
  await using folder = await temporaryFolder();
  const child = spawn(process.execPath, [program, join(folder.path, "state"), ...Object.values(counts).map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let before;
  try {
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    before = await readServedState((JSON.parse(line) as { url: string }).url);
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  expect(Object.fromEntries(Object.entries(before).map(([surface, { count }]) => [surface, count]))).toEqual(counts);

  await using service = new ServiceProcess(folder.path);
  const report = await service.start();
  expect(await readServedState(service.url)).toEqual(before);
  expect(report).toMatchObject({
    outcome: "recovered",
    lostDocuments: [],
    lostSequences: [],
    damage: [],
    reconciled: [
      { surface: "replay", action: "aborted", reason: "recovered_after_restart", count: counts.replay / 10 },
    ],
  });
  expect(await service.ask("GET", "/v1/router_replay/aggregate")).toMatchObject({
    record_count: counts.replay,
    lifecycle: { aborted: counts.replay / 10, completed: (counts.replay / 10) * 9, in_progress: 0 },
  });
  console.log(
    `opened ${String(report["documents"])} documents in ${String(report["durationMs"])} ms, ` +
      `${String((report["journal"] as { replayed: number }).replayed)} commits replayed`,
  );
}, 300_000);
