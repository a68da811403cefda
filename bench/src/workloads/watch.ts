import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { withDirectory } from "../cells/temporary-directory.js";
import { channelNames, channels, type ChannelName } from "../watch/channels.js";

/** How soon another process sees a change of the startup status. */
export async function watchWorkload(bench: Bench): Promise<void> {
  const { options } = bench;
  const { updates, "updates-per-second": perSecond } = options;
  const names: ChannelName[] = [];
  for (const name of channelNames) {
    if (options.engines?.every((engine) => !name.startsWith(engine)) === true) continue;
    const channel = await channels[name]();
    const reason = channel.unavailable?.();
    if (reason !== undefined) bench.leaveOut(channel.name, reason);
    else names.push(name);
  }
  await bench.alternate(
    "watch",
    { updates, perSecond },
    names,
    (channel) =>
      withDirectory(options.directory, (directory) => runCell("watch", { channel, directory, updates, perSecond })),
    "pacedP50",
  );
}
