import type { StateDirectory } from "../../open-state-directory.js";
import type { ServiceReport } from "./service-report.js";

/** Watches what the store of a running service can do, and says each change. */
export class ConditionFollower implements Disposable {
  /** Resolves if another process takes the directory over: there is nothing left to run for. */
  readonly fenced: Promise<"fenced">;
  readonly #stop: () => void;
  #failed = false;

  constructor(state: StateDirectory, report: ServiceReport) {
    let fence: (reason: "fenced") => void = () => undefined;
    this.fenced = new Promise((resolve) => (fence = resolve));
    const look = (condition: StateDirectory["condition"]): void => {
      report.condition(condition);
      this.#failed ||= condition.state === "failed" || condition.state === "fenced";
      if (condition.state === "fenced") fence("fenced");
    };
    this.#stop = state.onCondition(look);
    // It may have come to pass before anyone listened.
    if (state.condition.state !== "open") look(state.condition);
  }

  /** Whether the service lost its directory or its disk at some time: it can not have ended well then. */
  get failed(): boolean {
    return this.#failed;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
