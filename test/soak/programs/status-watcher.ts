/**
 * Watches the startup status of a state directory, and tells each one it sees on standard output, as one line of JSON.
 *
 *     status-watcher.js <directory>
 */
import { watchStartupStatus } from "holdfast/watch";
import type { SeenStatus } from "../processes/watcher.js";

const [directory = ""] = process.argv.slice(2);
const stopping = new AbortController();
process.once("SIGTERM", () => {
  stopping.abort();
});

for await (const { phase, ready, stale, pid } of watchStartupStatus(directory, { signal: stopping.signal })) {
  const seen: SeenStatus = { phase, ready, stale, pid };
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}
