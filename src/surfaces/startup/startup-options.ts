import type { Clock } from "../../files/clock.js";
import type { FileSystem } from "../../files/file-system.js";
import type { Layout } from "../../files/layout.js";
import type { ProcessIdentity } from "../../locking/process-identity.js";
import type { WriteFile } from "./status-file-writer.js";

export interface StartupOptions {
  /** Its `status` folder must exist. */
  readonly layout: Layout;
  /** The epoch this process claimed, from 1; it becomes `boot_count`. */
  readonly epoch: number;
  readonly host: string;
  readonly pid: number;
  /** Replaces a file durably. It may draw on a reserve, so that a full disk does not silence the status. */
  readonly writeFile: WriteFile;
  /**
   * Tells the watchers that are connected to this process, at once and without waiting for them: one line, as it will
   * stand in the file. Whoever misses it has the file. Throws `WRITER_FENCED`, and tells nobody, if the directory
   * belongs to another by now. Default: nobody is told, and watchers see the file alone.
   */
  readonly announce?: (line: Uint8Array) => void;
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  /** Under which boot this process runs. Default: what the system says. */
  readonly identity?: () => ProcessIdentity;
  /** How often the file's time is renewed, in milliseconds. Default 2000. */
  readonly heartbeatIntervalMs?: number;
  /** Called with failures nobody waits for: of the heartbeat, of the history. Default: `process.emitWarning`. */
  readonly onWarning?: (warning: Error) => void;
}
