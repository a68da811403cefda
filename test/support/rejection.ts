import { HoldfastError } from "../../src/errors.js";

/** The error a promise rejects with, which must be one of ours. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<HoldfastError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw new Error(`rejected with something untyped: ${String(error)}`, { cause: error });
  }
  throw new Error("expected a rejection");
}

/** The error a call throws, which must be one of ours. */
export function thrownBy(call: () => unknown): HoldfastError {
  try {
    call();
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw new Error(`threw something untyped: ${String(error)}`, { cause: error });
  }
  throw new Error("expected it to throw");
}
