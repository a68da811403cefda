/**
 * Watches a router from outside and prints each change, one a line. It reads nothing but the `status` folder, needs no
 * access to anything else in the state directory, and may be started before the router ever was.
 *
 *     node build/examples/sidecar/main.js [--json] [directory]
 */
import { parseArgs } from "node:util";
import { watchStartupStatus, type WatchedStartupStatus } from "holdfast/watch";

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const [directory = "./state"] = positionals;

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    abort.abort();
  });
}

function describe(status: WatchedStartupStatus): string {
  const { updated_at, run_id, boot_count, phase, ready, stale, superseded, message } = status;
  const when = stale ? new Date().toISOString() : updated_at;
  const notes = [ready ? "ready" : "not ready", ...(stale ? ["stale"] : []), ...(superseded ? ["over"] : [])];
  return `${when}  run ${boot_count} ${run_id.slice(0, 8)}  ${phase.padEnd(19)}  ${notes.join(", ").padEnd(16)}  ${message ?? ""}`;
}

for await (const status of watchStartupStatus(directory, {
  signal: abort.signal,
  onWarning: (warning) => {
    console.error(`warning: ${warning.message}`);
  },
})) {
  console.log(values.json ? JSON.stringify(status) : describe(status).trimEnd());
}
