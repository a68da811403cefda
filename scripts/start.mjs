// `npm start`: runs `holdfast serve` in this process, with the arguments given behind `--`.
//
// Signals reach this process through npm, and some do not:
//
// - If npm is killed with SIGKILL it can pass nothing on, and the service would live on as an orphan that holds both the
//   directory and the port: the next `npm start` would be refused, by a process nobody sees. So the service leaves when
//   npm is gone, and it leaves as npm did: whoever kills with SIGKILL asks for a crash, not for an orderly shutdown, and
//   the next start recovers from it.
// - npm runs scripts through a shell. Where the shell does not replace itself with this process, it stands between: it
//   takes the SIGTERM or SIGINT that npm passes on, and dies of it alone. When only the shell is gone, that signal was
//   meant for the service, which then stops in order.
import { readFileSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";
import { run } from "../dist/cli/run.js";

const pollMs = 200;

/** The parent of a process, or undefined where the system does not tell it this way. */
function parentOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself contain spaces and parentheses.
    return Number(
      status
        .slice(status.lastIndexOf(")") + 2)
        .split(" ")
        .at(1),
    );
  } catch {
    // Not Linux, or the process is gone: then only the direct parent is watched, and its end is seen anyway.
    return undefined;
  }
}

/** Whether npm's shell still stands between npm and this process; most shells replace themselves instead. */
function isShellOfNpm(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("scripts/start.mjs");
  } catch {
    // As above.
    return false;
  }
}

// Started by hand, it may well outlive its shell: `nohup node scripts/start.mjs &`.
if (process.env.npm_lifecycle_event === "start") {
  const parent = process.ppid;
  const npm = isShellOfNpm(parent) ? parentOf(parent) : undefined;
  const watch = setInterval(() => {
    const parentIsGone = process.ppid !== parent;
    if (npm !== undefined && parentIsGone) {
      clearInterval(watch);
      process.kill(process.pid, "SIGTERM");
    } else if (parentIsGone || (npm !== undefined && parentOf(parent) !== npm)) {
      process.kill(process.pid, "SIGKILL");
    }
  }, pollMs);
  watch.unref();
}

process.exitCode = await run(["serve", ...process.argv.slice(2)]);
