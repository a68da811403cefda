import type { WatchedStartupStatus } from "./startup-status.js";
import { StatusObserver } from "./status-observer.js";

/**
 * Looks once: reads the startup status and checks whether its writer lives.
 *
 * Where the kernel can not be asked, the file's modification time is compared with this machine's clock; a watch, which
 * sees the file change, is not fooled by clocks that disagree.
 *
 * @param directory the state directory, or its `status` folder mounted alone.
 * @returns `undefined` if there is no status.
 * @throws HoldfastError `CORRUPT`, `UNSUPPORTED_FORMAT` or `INVALID_CONFIG` if there is one that can not be used.
 */
export async function readStartupStatus(directory: string): Promise<WatchedStartupStatus | undefined> {
  const observer = new StatusObserver(directory, { onWarning: () => undefined });
  try {
    const news = await observer.look();
    if (observer.problem !== undefined) throw observer.problem;
    return news.at(-1);
  } finally {
    observer.close();
  }
}
