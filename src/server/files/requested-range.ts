import type { ByteRange } from "../../collections/index.js";

/**
 * What a `Range` header asks for (RFC 9110, 14.2). A header that is not understood, or asks for several ranges, counts
 * as none: then everything is sent, which is always allowed.
 *
 * @param size how many bytes there are.
 * @returns `undefined` for everything.
 */
export function requestedRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.replaceAll(" ", "") ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    // The last so many.
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Number(to);
  if (to !== "" && last < first) return undefined;
  return first < size ? { first, last: Math.min(last, size - 1) } : "unsatisfiable";
}
