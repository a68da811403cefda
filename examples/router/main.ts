import { isHoldfastError, openStateDirectory, type StateDirectory } from "holdfast";
import { announce } from "./announcement.js";
import { readConfiguration } from "./configuration.js";
import type { Router } from "./router.js";

/**
 * The program: opens the state directory, serves until it is told to stop or can not go on, and leaves the directory in
 * order. Standard output carries announcements for whoever started it; everything for people goes to standard error.
 */
async function main(): Promise<void> {
  const configuration = readConfiguration(process.env);
  const ending = endingRequested();
  await using state = await openStateDirectory({ directory: configuration.directory });
  const { recovery, startup } = state;
  announce({
    event: "open",
    recovery: {
      outcome: recovery.outcome,
      replayed: recovery.journal.replayed,
      takeover: recovery.takeover.how,
      takeoverMs: recovery.takeover.waitedMs,
      durationMs: recovery.durationMs,
    },
    previousRun: startup.current.previous_run?.outcome ?? null,
  });
  let router: Router;
  try {
    // Loaded only now: the directory is taken and recovered before the rest of the program is even read.
    const { startRouter } = await import("./router.js");
    router = await startRouter(state, configuration);
  } catch (error) {
    await startup.report({ phase: "error", message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
  announce({ event: "ready", port: router.port });

  await Promise.race([ending, storeFailure(state)]).finally(async () => {
    await sayStopping(state);
    await router.stop();
  });
}

/** Resolves when the process is asked to stop. */
function endingRequested(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
}

/**
 * Rejects when the store can not acknowledge anything any more: its disk failed, or another router took over. What is
 * left to do is to go, so that a new process can recover from what is really on disk.
 */
function storeFailure(state: StateDirectory): Promise<never> {
  return new Promise((_resolve, reject) => {
    const look = (): void => {
      const { state: condition, error } = state.condition;
      if (condition === "failed" || condition === "fenced") {
        reject(error ?? new Error(`The state directory is ${condition}.`));
      }
    };
    state.onCondition(look);
    look();
  });
}

async function sayStopping({ startup }: StateDirectory): Promise<void> {
  try {
    await startup.stopping();
  } catch (error) {
    // Who took over speaks for the directory now.
    if (!isHoldfastError(error, "WRITER_FENCED")) throw error;
  }
}

try {
  await main();
  announce({ event: "stopped" });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
