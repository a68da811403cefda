import type { IndexValue } from "../collections/index.js";

/**
 * What a value's bytes begin with: types in the order of their names, behind the absence of a value. These numbers are
 * on disk.
 */
const tagOf = { absent: 0x00, boolean: 0x01, number: 0x02, string: 0x03 } as const;

/** Behind a NUL within a text; the text's end is a NUL and {@link endOfText}, which is less than any character. */
const literalNul = 0xff;
const endOfText = 0x00;

/**
 * A key under construction. Its bytes sort, byte by byte, exactly as the store compares what they were made of; see
 * `FORMAT.md`. One object is used for many keys, since most of them are only looked up and forgotten.
 */
export class KeyBytes {
  bytes = Buffer.allocUnsafeSlow(256);
  length = 0;

  clear(): this {
    this.length = 0;
    return this;
  }

  /** Takes the key back to what it was when it had so many bytes. */
  cut(length: number): this {
    this.length = length;
    return this;
  }

  appendUint32(value: number): this {
    this.#reserve(4);
    this.length = this.bytes.writeUInt32BE(value, this.length);
    return this;
  }

  appendUint48(value: number): this {
    this.#reserve(6);
    this.length = this.bytes.writeUIntBE(value, this.length, 6);
    return this;
  }

  /** A text that ends the key. */
  appendText(text: string): this {
    this.#reserve(text.length * 3);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) bytes[at++] = unit;
      else at = writeUnit(bytes, at, unit);
    }
    this.length = at;
    return this;
  }

  /** A value that something follows. */
  appendValue(value: IndexValue | undefined): this {
    if (typeof value === "string") return this.#appendByte(tagOf.string).#appendTerminatedText(value);
    if (typeof value === "number") return this.#appendByte(tagOf.number).#appendNumber(value);
    if (typeof value === "boolean") return this.#appendByte(tagOf.boolean).#appendByte(value ? 1 : 0);
    return this.#appendByte(tagOf.absent);
  }

  /** What {@link toBinary} made. */
  appendBinary(binary: string): this {
    this.#reserve(binary.length);
    this.bytes.write(binary, this.length, "latin1");
    this.length += binary.length;
    return this;
  }

  appendBytes(bytes: Buffer, from: number, to: number): this {
    this.#reserve(to - from);
    const target = this.bytes;
    let at = this.length;
    for (let source = from; source < to; source += 1) target[at++] = bytes[source] as number;
    this.length = at;
    return this;
  }

  /** The key as a string with one character a byte, so that `<` compares two of them as their bytes compare. */
  toBinary(from = 0): string {
    return this.bytes.toString("latin1", from, this.length);
  }

  #appendByte(byte: number): this {
    this.#reserve(1);
    this.bytes[this.length] = byte;
    this.length += 1;
    return this;
  }

  /** Big endian, with the sign turned, and every bit of a negative: then the bytes sort as the numbers do. */
  #appendNumber(value: number): this {
    this.#reserve(8);
    const at = this.length;
    // Adding zero makes one of the two zeros, which are equal to the store.
    this.bytes.writeDoubleBE(value + 0, at);
    const first = this.bytes[at] as number;
    if (first < 0x80) {
      this.bytes[at] = first | 0x80;
    } else {
      for (let index = at; index < at + 8; index += 1) this.bytes[index] = ~(this.bytes[index] as number);
    }
    this.length = at + 8;
    return this;
  }

  #appendTerminatedText(text: string): this {
    this.#reserve(text.length * 3 + 2);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit === 0) {
        bytes[at++] = 0;
        bytes[at++] = literalNul;
      } else if (unit < 0x80) bytes[at++] = unit;
      else at = writeUnit(bytes, at, unit);
    }
    bytes[at++] = 0;
    bytes[at++] = endOfText;
    this.length = at;
    return this;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

/** One UTF-16 unit by itself, in the way of UTF-8. Halves of surrogate pairs are not joined: that is CESU-8. */
function writeUnit(bytes: Buffer, at: number, unit: number): number {
  if (unit < 0x800) {
    bytes[at] = 0xc0 | (unit >> 6);
    bytes[at + 1] = 0x80 | (unit & 0x3f);
    return at + 2;
  }
  bytes[at] = 0xe0 | (unit >> 12);
  bytes[at + 1] = 0x80 | ((unit >> 6) & 0x3f);
  bytes[at + 2] = 0x80 | (unit & 0x3f);
  return at + 3;
}

/** The text that {@link KeyBytes.appendText} wrote. */
export function readText(bytes: Buffer, from: number, to: number): string {
  let at = from;
  while (at < to && (bytes[at] as number) < 0x80) at += 1;
  const ascii = bytes.toString("latin1", from, at);
  if (at === to) return ascii;
  const units: string[] = [ascii];
  while (at < to) {
    const first = bytes[at] as number;
    const second = (bytes[at + 1] as number) & 0x3f;
    if (first < 0x80) {
      units.push(String.fromCharCode(first));
      at += 1;
    } else if (first < 0xe0) {
      units.push(String.fromCharCode(((first & 0x1f) << 6) | second));
      at += 2;
    } else {
      const third = (bytes[at + 2] as number) & 0x3f;
      units.push(String.fromCharCode(((first & 0x0f) << 12) | (second << 6) | third));
      at += 3;
    }
  }
  return units.join("");
}

/** Where a value ends that {@link KeyBytes.appendValue} wrote. */
export function valueEnd(bytes: Buffer, from: number, to: number): number {
  switch (bytes[from]) {
    case tagOf.absent:
      return from + 1;
    case tagOf.boolean:
      return from + 2;
    case tagOf.number:
      return from + 9;
    default: {
      let at = from + 1;
      while (at < to && !(bytes[at] === 0 && bytes[at + 1] === endOfText)) at += bytes[at] === 0 ? 2 : 1;
      return at + 2;
    }
  }
}
