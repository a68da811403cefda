import { loadAccessKeys, type Config, type ConfiguredKey } from "../../config/index.js";
import { isHoldfastError } from "../../errors.js";
import type { StateDirectory } from "../../open-state-directory.js";
import { serve, type Service } from "../../server/index.js";
import { assertGuarded } from "../../server/loopback.js";
import type { Exit } from "../exit-codes.js";
import type { Invocation } from "../invocation.js";
import { openForWriting } from "../open-state.js";
import type { Output } from "../output.js";
import { errorLines } from "../render/error.js";
import { ConditionFollower } from "./condition-follower.js";
import { ServiceReport } from "./service-report.js";
import { ShutdownSignals } from "./shutdown-signals.js";

/**
 * Runs the service from opening the directory to letting go of it. Opening reports the phases of recovery; from here
 * come `initializing_models`, and `ready` only once the port is bound: whoever waits for it can send requests.
 *
 * @returns `done` if it was told to stop; `failed` if it lost the directory to another process, or its disk.
 */
export async function runService(invocation: Invocation, config: Config): Promise<Exit> {
  // Before anything is opened: a wrong address or key is no reason to go through a recovery.
  const keys = await loadAccessKeys(config.server.keysFile, process.env);
  assertGuarded(config.host, keys !== undefined);
  const { output } = invocation;
  const report = new ServiceReport(output);
  using signals = new ShutdownSignals();
  const state = await openForWriting(invocation, config, true);
  signals.opened();
  using condition = new ConditionFollower(state, report);
  try {
    report.opened(state);
    await using service = await startServing(state, config, keys, output);
    report.listening(service.url);
    const reason = await Promise.race([signals.requested, condition.fenced]);
    report.stopping(reason);
    // Of a directory that was lost, the status is the new owner's to tell.
    if (reason !== "fenced") await tell(state, output, { phase: "stopping", message: `Stopping (${reason}).` });
    // The server is closed here, by leaving its scope: requests in flight end before the directory is let go.
  } finally {
    await state.close();
  }
  report.stopped();
  return condition.failed ? "failed" : "done";
}

async function startServing(
  state: StateDirectory,
  config: Config,
  keys: readonly ConfiguredKey[] | undefined,
  output: Output,
): Promise<Service> {
  const { host, port, logLevel } = config;
  const { bodyLimitBytes, requestsPerMinute, requestTimeoutSeconds } = config.server;
  await tell(state, output, { phase: "initializing_models", message: `Binding ${host}, port ${port}.` });
  try {
    const service = await serve(state, {
      host,
      port,
      logLevel,
      bodyLimitBytes,
      requestsPerMinute,
      requestTimeoutMs: requestTimeoutSeconds * 1000,
      ...(keys === undefined ? {} : { keys }),
    });
    await tell(state, output, { phase: "ready", message: `Serving on ${service.url}.` });
    return service;
  } catch (error) {
    await tell(state, output, { phase: "error", message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/**
 * Reports a phase. A disk that does not take it is no reason not to serve what can be read, and the report is written
 * as soon as it can be; a directory that was lost is met elsewhere.
 */
async function tell(
  state: StateDirectory,
  output: Output,
  report: Parameters<StateDirectory["startup"]["report"]>[0],
): Promise<void> {
  try {
    await state.startup.report(report);
  } catch (error) {
    const bearable =
      isHoldfastError(error, "STORAGE_FULL") ||
      isHoldfastError(error, "STORAGE_FAILED") ||
      isHoldfastError(error, "WRITER_FENCED");
    if (!bearable) throw error;
    for (const line of errorLines(error)) output.remark(line);
  }
}
