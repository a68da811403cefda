import {
  openStateDirectory,
  type OpenStateDirectoryOptions,
  type StateDirectory,
} from "../../src/open-state-directory.js";
import { crashCopy } from "./crash-copy.js";
import { notes } from "./notes.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A place for a state directory, opened as often as a test likes; everything is closed and gone when its scope ends. */
export interface StateFolder extends AsyncDisposable {
  readonly directory: string;
  /** Opens it, or another one of this folder. */
  open(options?: Partial<OpenStateDirectoryOptions>): Promise<StateDirectory>;
  /** The directory as it would be if its owner had been killed at this moment; see {@link crashCopy}. */
  crash(from?: string): Promise<string>;
  /** A path in the directory. */
  at(...names: string[]): string;
}

export async function stateFolder(): Promise<StateFolder> {
  const folder = await temporaryFolder();
  const directory = folder.at("state");
  const opened: StateDirectory[] = [];
  let copies = 0;
  return {
    directory,
    at: (...names) => folder.at("state", ...names),
    async open(options = {}) {
      // No checkpoint of its own accord: a test says when.
      const state = await openStateDirectory({
        directory,
        collections: [notes],
        checkpointIdleMs: 3_600_000,
        ...options,
      });
      opened.push(state);
      return state;
    },
    async crash(from = directory) {
      copies += 1;
      const target = folder.at(`crashed-${copies}`);
      await crashCopy(from, target);
      return target;
    },
    async [Symbol.asyncDispose]() {
      // A store that a test made fail may fail to close; what it left is thrown away.
      await Promise.allSettled(opened.map((state) => state.close()));
      await folder[Symbol.asyncDispose]();
    },
  };
}
