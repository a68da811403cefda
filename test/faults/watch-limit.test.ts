import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { stateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";

/** A user namespace has limits of its own: in it the system can be made to refuse every watch, or all but a few. */
function limited(name: "max_inotify_instances" | "max_inotify_watches"): string[] {
  return ["unshare", "-Ur", "sh", "-c", `echo 0 > /proc/sys/user/${name} && exec "$@"`, "sh"];
}

function isAllowed(name: Parameters<typeof limited>[0]): boolean {
  const [command = "", ...given] = limited(name);
  return spawnSync(command, [...given, "true"]).status === 0;
}

test.skipIf(!isAllowed("max_inotify_instances")).each(["max_inotify_instances", "max_inotify_watches"] as const)(
  "a reader whom the system gives no hints (%s) follows all the same",
  async (limit) => {
    await using folder = await stateFolder();
    await using writer = await StateProcess.open({ directory: folder.directory });
    await using reader = await StateProcess.open(
      { directory: folder.directory, mode: "reader" },
      { within: limited(limit) },
    );
    // It ends with the reader.
    await reader.do({ open: { directory: folder.directory, mode: "reader" } });
    const following = reader.tell({ follow: { since: 0 } });
    await writer.do({ insert: { prefix: "a", count: 5 } });
    await writer.do({ checkpoint: true });
    await writer.do({ insert: { prefix: "b", count: 5 } });
    for (const id of writer.acknowledged) {
      await reader.event(({ event, ids }) => event === "change" && ids?.includes(id) === true);
    }
    await following;
    expect((await reader.do({ list: true })).ids).toEqual(writer.acknowledged.toSorted());
  },
);
