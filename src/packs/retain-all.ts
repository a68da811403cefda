import type { Pack } from "./pack.js";

/** Retains all of the packs, or, if one of them is closed already, none. @throws HoldfastError `CLOSED` */
export function retainAll(packs: readonly Pack[]): void {
  const retained: Pack[] = [];
  try {
    for (const pack of packs) {
      pack.retain();
      retained.push(pack);
    }
  } catch (error) {
    for (const pack of retained) pack.release();
    throw error;
  }
}
