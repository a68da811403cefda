import { fileURLToPath } from "node:url";
import type { FileSystem } from "../files/file-system.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { LocalPackMaker } from "./local-pack-maker.js";
import type { PackMaker } from "./pack-maker.js";
import { ThreadedPackMaker } from "./thread/threaded-pack-maker.js";

/**
 * Who makes packs: a thread of its own if the machine's files are used, which another thread sees as this one does, and
 * if its program is there, which it is not where everything was bundled into one file.
 */
export function packMakerFor(fileSystem: FileSystem): PackMaker {
  const local = new LocalPackMaker(fileSystem);
  const program = new URL("./thread/main.js", import.meta.url);
  const isThere =
    fileSystem === nodeFileSystem && program.protocol === "file:" && fileSystem.existsNow(fileURLToPath(program));
  return isThere ? new ThreadedPackMaker(local, program) : local;
}
