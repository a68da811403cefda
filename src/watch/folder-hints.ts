import { HoldfastError } from "../errors.js";
import { isTemporaryName } from "../files/temporary-name.js";
import { directoryIdentity, watchDirectory, type DirectoryWatch } from "../files/watch-directory.js";

/**
 * Hints from the system about the status folder, renewed when another folder takes its name. Without hints a watcher is
 * only slower: it says so once, goes on by its poll, and tries again at each look.
 */
export class FolderHints {
  readonly #onHint: () => void;
  readonly #onFailure: (error: Error) => void;
  #identity: string | undefined;
  #watch: DirectoryWatch | undefined;
  #failed = false;

  constructor(onHint: () => void, onFailure: (error: Error) => void) {
    this.#onHint = onHint;
    this.#onFailure = onFailure;
  }

  /**
   * Makes sure that the folder now at `path` is the one that is watched. To be called before the folder is read: what
   * changes later brings a hint, what changed earlier is read.
   *
   * @returns whether there is such a folder.
   */
  async follow(path: string): Promise<boolean> {
    const identity = await directoryIdentity(path);
    if (identity === this.#identity && this.#watch !== undefined) return true;
    this.close();
    if (identity === undefined) return false;
    this.#identity = identity;
    this.#watch = watchDirectory(path, {
      changed: (name) => {
        // A status is written under another name first, and seen only once it has its own: that is another event.
        if (name === undefined || !isTemporaryName(name)) this.#onHint();
      },
      failed: (error) => {
        this.#lost(path, error);
      },
    });
    if (this.#watch !== undefined) this.#failed = false;
    return true;
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#identity = undefined;
  }

  #lost(path: string, error: Error): void {
    this.#watch = undefined;
    if (this.#failed) return;
    this.#failed = true;
    const message =
      `The system gives no hints about changes in ${path} (${error.message}), so each is seen at the next poll only. ` +
      "On Linux, raise fs.inotify.max_user_instances or fs.inotify.max_user_watches.";
    const systemCode = (error as NodeJS.ErrnoException).code;
    this.#onFailure(new HoldfastError("INVALID_CONFIG", message, { cause: error, details: { path, systemCode } }));
  }
}
