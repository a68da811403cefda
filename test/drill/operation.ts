import type { Ledger, OperationKind } from "./ledger.js";
import { CutOffError, request } from "./service.js";

/** Does something that is not a turn, and counts it as acknowledged or cut off. @throws CutOffError */
export async function operate<Result>(
  ledger: Ledger,
  kind: OperationKind,
  send: () => Promise<Result>,
): Promise<Result> {
  const counts = ledger.operations.get(kind);
  if (counts === undefined) throw new TypeError(`There is no operation ${kind}.`);
  try {
    const result = await request(send);
    counts.acknowledged += 1;
    return result;
  } catch (error) {
    if (error instanceof CutOffError) counts.cutOff += 1;
    throw error;
  }
}
