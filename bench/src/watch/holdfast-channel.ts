import { join } from "node:path";
import { openStateDirectory, watchStartupStatus } from "holdfast";
import type { StatusChannel } from "./channels.js";

export const holdfastChannel: StatusChannel = {
  name: "holdfast",
  setting: "`state.startup.report`, durable when it resolves; `watchStartupStatus`",
  async openWriter(directory) {
    const state = await openStateDirectory({ directory: join(directory, "state") });
    return {
      report: (number) => state.startup.report({ phase: "downloading_models", message: String(number) }),
      close: () => state.close(),
    };
  },
  openWatcher(directory, onUpdate) {
    return new Promise((resolve, reject) => {
      const follow = async (): Promise<void> => {
        for await (const { message, phase } of watchStartupStatus(join(directory, "state"))) {
          // The first status, which stands there when the watch begins, is what shows that it has begun.
          resolve();
          if (phase === "downloading_models" && message !== undefined) onUpdate(Number(message));
        }
      };
      follow().catch((error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        // One that ends later has nobody to tell but the one who waits for this process.
        setImmediate(() => {
          throw error;
        });
      });
    });
  },
};
