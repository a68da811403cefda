import { isHoldfastError } from "../errors.js";

/** One thing that is wrong with a pack. */
export interface PackProblem {
  /** Where: in the lines if there is an id, else in the file that the detail names. */
  readonly offset: number;
  /** The document that is affected, where that is known. */
  readonly id: string | undefined;
  readonly detail: string;
}

export type OnProblem = (problem: PackProblem) => void;

/**
 * Hands damage on as a problem.
 *
 * @returns whether the work could be finished.
 */
export async function reportingDamage(onProblem: OnProblem, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT")) throw error;
    const { offset } = error.details;
    onProblem({ offset: typeof offset === "number" ? offset : 0, id: undefined, detail: error.message });
    return false;
  }
}
