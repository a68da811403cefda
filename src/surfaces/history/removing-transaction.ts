import type { Store, Transaction } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";

/**
 * Runs a transaction that removes something and, while the disk is full, runs it again without the notes it would leave
 * behind: a store then takes transactions that do nothing but delete, and those are what makes room.
 *
 * @param work must write nothing but deletions when `deletesOnly` is true.
 */
export async function removingTransaction<Result>(
  store: Store,
  work: (transaction: Transaction, deletesOnly: boolean) => Promise<Result>,
): Promise<Result> {
  try {
    return await store.transaction((transaction) => work(transaction, false));
  } catch (error) {
    if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
    return store.transaction((transaction) => work(transaction, true));
  }
}
