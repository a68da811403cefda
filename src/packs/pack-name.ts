/** The names of a pack's two files. Digits are padded, so names sort as their numbers do. */
export interface PackFileNames {
  readonly pack: string;
  readonly index: string;
}

export interface PackName {
  /** The first commit that the pack covers. */
  readonly lo: number;
  /** The last one. */
  readonly hi: number;
  readonly kind: "pack" | "index";
}

const pattern = /^(\d{16})-(\d{16})\.(pack|idx)$/;

/** @param lo the first commit the pack covers, @param hi the last one. */
export function packFileNames(lo: number, hi: number): PackFileNames {
  const stem = `${String(lo).padStart(16, "0")}-${String(hi).padStart(16, "0")}`;
  return { pack: `${stem}.pack`, index: `${stem}.idx` };
}

/** @returns `undefined` for any other name. */
export function parsePackName(name: string): PackName | undefined {
  const match = pattern.exec(name);
  if (match === null) return undefined;
  return { lo: Number(match[1]), hi: Number(match[2]), kind: match[3] === "pack" ? "pack" : "index" };
}
