import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";

interface Timer {
  readonly work: () => void;
  readonly repeatMs: number | undefined;
  dueAt: number;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};
const realDelay = timersPromises.setTimeout;
/** Enough for everything else that is under way to come to rest, as it would in a real pause. */
const turnsPerDelay = 200;

/**
 * Timers that run when the one who explores says so, and not when the machine finds the time: a recording must come out
 * the same each time, and thousands of stores that were opened must not beat. They stand in for the global ones while
 * they are installed.
 */
export class VirtualTimers implements Disposable {
  #now = 0;
  readonly #timers = new Set<Timer>();

  private constructor() {
    const set = (
      work: (...values: unknown[]) => void,
      delayMs: number,
      repeats: boolean,
      values: unknown[],
    ): unknown => {
      const timer: Timer = {
        work: () => {
          work(...values);
        },
        repeatMs: repeats ? Math.max(1, delayMs) : undefined,
        dueAt: this.#now + Math.max(1, delayMs),
      };
      this.#timers.add(timer);
      return Object.assign(timer, { ref: () => timer, unref: () => timer, hasRef: () => false });
    };
    const clear = (timer: unknown): void => {
      this.#timers.delete(timer as Timer);
    };
    Object.assign(globalThis, {
      setTimeout: (work: () => void, delayMs = 0, ...values: unknown[]) => set(work, delayMs, false, values),
      setInterval: (work: () => void, delayMs = 0, ...values: unknown[]) => set(work, delayMs, true, values),
      clearTimeout: clear,
      clearInterval: clear,
    });
    replaceDelay(afterManyTurns as typeof realDelay);
  }

  static install(): VirtualTimers {
    return new VirtualTimers();
  }

  /** Runs what becomes due, in its order. What it begins goes on behind this call. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(({ dueAt }) => dueAt <= end).sort((left, right) => left.dueAt - right.dueAt);
      const next = due[0];
      if (next === undefined) break;
      this.#now = next.dueAt;
      if (next.repeatMs === undefined) this.#timers.delete(next);
      else next.dueAt += next.repeatMs;
      next.work();
    }
    this.#now = end;
  }

  /** Forgets every timer: those of processes that are no more. */
  clear(): void {
    this.#timers.clear();
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, real);
    replaceDelay(realDelay);
    this.#timers.clear();
  }
}

/** Pauses that are awaited end by themselves, or whoever awaits them would wait for us, who wait for him. */
async function afterManyTurns<Value>(_milliseconds?: number, value?: Value): Promise<Value | undefined> {
  for (let turn = 0; turn < turnsPerDelay; turn += 1) await timersPromises.setImmediate();
  return value;
}

/** Also for those who have imported it by name. */
function replaceDelay(delay: typeof realDelay): void {
  timersPromises.setTimeout = delay;
  syncBuiltinESMExports();
}
