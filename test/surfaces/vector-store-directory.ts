import {
  openStateDirectory,
  type OpenStateDirectoryOptions,
  type StateDirectory,
} from "../../src/open-state-directory.js";
import { crashCopy } from "../support/crash-copy.js";
import { temporaryFolder } from "../support/temporary-folder.js";

type VectorStoreOptions = NonNullable<OpenStateDirectoryOptions["vectorStores"]>;

/** A state directory whose own vector stores are under test, with all that opening it does for them. */
export interface VectorStoreDirectory extends AsyncDisposable {
  readonly state: StateDirectory;
  /** Closes it in good order, and opens it again. */
  reopen(options?: VectorStoreOptions): Promise<StateDirectory>;
  /**
   * Opens it as it would be if its owner had been killed at this moment. The owner is closed afterwards.
   *
   * @param letEnd ends what the owner would wait for.
   */
  crash(options: VectorStoreOptions, letEnd: () => void): Promise<StateDirectory>;
}

export async function vectorStoreDirectory(options: VectorStoreOptions): Promise<VectorStoreDirectory> {
  const folder = await temporaryFolder();
  let directory = folder.at("state");
  let copies = 0;
  // No checkpoint of its own accord, so that a copy is that of one moment.
  const open = (vectorStores: VectorStoreOptions): Promise<StateDirectory> =>
    openStateDirectory({ directory, vectorStores, checkpointIdleMs: 3_600_000 });
  let state = await open(options);
  return {
    get state() {
      return state;
    },
    async reopen(changed = options) {
      await state.close();
      state = await open(changed);
      return state;
    },
    async crash(changed, letEnd) {
      copies += 1;
      const copy = folder.at(`crashed-${copies}`);
      await crashCopy(directory, copy);
      const closed = state.close();
      letEnd();
      await closed;
      directory = copy;
      state = await open(changed);
      return state;
    },
    async [Symbol.asyncDispose]() {
      await state.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
