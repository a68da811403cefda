import { writeSync } from "node:fs";
import type { StateDirectory } from "holdfast";
import { setTimeout } from "node:timers/promises";
import { Random } from "../../drill/random.js";
import { digestOf } from "../account.js";
import type { Entry } from "../collections.js";
import type { IntendedWrite, Telling } from "../telling.js";

/**
 * After so many operations the workers of a life take their time: the journal keeps what every one of several lives has
 * done, however long the machine lets them live.
 */
const operationsInHaste = 400;
const restMs = 20;

/**
 * Says one thing on standard output; it is in the pipe, and survives the process, before this returns. Not so what goes
 * through `process.stdout`: while nobody reads and the pipe is full, that keeps it in this process's memory.
 */
export function tell(telling: Telling): void {
  const line = Buffer.from(`${JSON.stringify(telling)}\n`);
  for (let written = 0; written < line.length;) written += writeSync(1, line, written);
}

/** What the workers of one life share. */
export class Life {
  readonly state: StateDirectory;
  readonly number: number;
  readonly random: Random;
  isStopping = false;
  /** How many have been named. */
  operations = 0;

  constructor(state: StateDirectory, number: number, seed: number) {
    this.state = state;
    this.number = number;
    this.random = new Random(seed);
  }

  /** The name of the next operation, which no other has in any life. */
  next(): string {
    this.operations += 1;
    return `${this.number}.${this.operations}`;
  }

  entry(operation: string): Entry {
    return { operation, text: `${operation} `.repeat(Math.floor(this.random.between(1, 100))) };
  }

  intend(
    operation: string,
    writes: readonly (Omit<IntendedWrite, "digest"> & { readonly body: Entry | null })[],
  ): void {
    tell({
      event: "intending",
      operation,
      writes: writes.map(({ collection, id, body }) => {
        return { collection, id, digest: body === null ? null : digestOf(body) };
      }),
    });
  }
}

/** Does one thing after the other until the life is over. */
export async function untilStopped(life: Life, step: () => Promise<void>): Promise<void> {
  while (!life.isStopping) {
    if (life.operations > operationsInHaste) await setTimeout(restMs);
    await step();
  }
}
