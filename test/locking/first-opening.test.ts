import { expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { Layout } from "../../src/files/layout.js";
import { examineDirectory } from "../../src/store/adopt-directory.js";
import { stateFolder } from "../support/state-folder.js";

test("a directory that another process opens for the first time, while it is being looked at, is taken for ours", async () => {
  // The other one comes in before the second, the third, ... time that something in it is listed.
  for (let moment = 2; moment <= 6; moment += 1) {
    await using folder = await stateFolder();
    const layout = new Layout(folder.directory);
    await nodeFileSystem.makeDirectory(layout.root);
    await nodeFileSystem.makeDirectory(layout.epochs);
    await nodeFileSystem.makeDirectory(layout.status);
    let listings = 0;
    const disturbed = {
      ...nodeFileSystem,
      async readDirectory(path: string) {
        listings += 1;
        if (listings === moment) await folder.open();
        return nodeFileSystem.readDirectory(path);
      },
    };
    expect(["empty", "ours"]).toContain(await examineDirectory(disturbed, layout));
  }
});
