import type { IndexValue } from "../collections/index.js";
import { KeyBytes } from "./key-bytes.js";

const scratch = new KeyBytes();

/**
 * Where a document stands in the order of creation, as a binary string: one character a byte, so that `<` compares two
 * of them as the store compares the places.
 *
 * @param createdSequence the commit that created it, @param createdIndex its place within that commit.
 */
export function creationKey(createdSequence: number, createdIndex: number): string {
  return appendCreationKey(scratch.clear(), createdSequence, createdIndex).toBinary();
}

/**
 * Where a document stands in a declared order, as a binary string: by value, then by id; without a value first.
 */
export function declaredKey(value: IndexValue | undefined, id: string): string {
  return scratch.clear().appendValue(value).appendText(id).toBinary();
}

export function appendCreationKey(key: KeyBytes, createdSequence: number, createdIndex: number): KeyBytes {
  return key.appendUint48(createdSequence).appendUint32(createdIndex);
}
