/** How many digits a CRC-32 has in a line. */
export const checksumDigits = 8;

/**
 * The number that eight lower-case hexadecimal digits stand for, read without making a string: every line that is read
 * comes through here.
 *
 * @returns -1 if they are none.
 */
export function readChecksum(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = at; index < at + checksumDigits; index += 1) {
    const code = bytes[index] ?? 0;
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Writes the digits of a CRC-32, without making a string either. */
export function writeChecksum(bytes: Buffer, at: number, checksum: number): void {
  let rest = checksum;
  for (let index = at + checksumDigits - 1; index >= at; index -= 1) {
    const digit = rest & 0xf;
    bytes[index] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest >>>= 4;
  }
}
