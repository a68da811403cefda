import type { Block } from "./block.js";
import { expiryIn, isTombstone, lengthIn, offsetIn, sequenceIn } from "./id-payload.js";
import { readText } from "./key-bytes.js";

/**
 * What the index says of a document, or of a deletion, without reading it.
 *
 * This is a class, as is everything else that is made for a read and kept with what was read. Objects of a literal, once
 * the first ones were kept, are made where the runtime looks for garbage rarely, and each that is not kept then holds on
 * to its document for as long: half of a read's time goes into that.
 */
export class PackedPlace {
  /** Its number in the pack, by id, from 0. */
  readonly ordinal: number;
  readonly id: string;
  /** Where its line begins. */
  readonly offset: number;
  /** How long its line is, in bytes. */
  readonly length: number;
  /** The commit that wrote it. */
  readonly sequence: number;
  /** Milliseconds since 1970; `Infinity`: never. */
  readonly expiresAtMs: number;
  /** Whether it is a tombstone. */
  readonly deleted: boolean;

  /** @internal The place that an entry of the table of ids tells of. */
  constructor(block: Block, index: number, id: string) {
    const { bytes } = block;
    const at = block.payloadAt(index);
    this.ordinal = block.firstEntry + index;
    this.id = id;
    this.offset = offsetIn(bytes, at);
    this.length = lengthIn(bytes, at);
    this.sequence = sequenceIn(bytes, at);
    this.expiresAtMs = expiryIn(bytes, at);
    this.deleted = isTombstone(bytes, at);
  }
}

/** Room for one id; a longer one than is allowed today gets its own. */
const idRoom = Buffer.allocUnsafeSlow(1024);

/** The id of an entry of the table of ids. */
export function idAt(block: Block, index: number): string {
  const length = block.copyKey(index, idRoom);
  if (length <= idRoom.length) return readText(idRoom, 0, length);
  const room = Buffer.allocUnsafeSlow(length);
  return readText(room, 0, block.copyKey(index, room));
}
