const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Brings an RFC 3339 time of up to nanoseconds into a form of fixed width in UTC, so that the order of the texts is the
 * order of the times. A JavaScript date has milliseconds, which would make records of one burst simultaneous.
 *
 * @returns `undefined` for what is no such time, and for one that UTC puts outside the years 0000 to 9999.
 */
export function orderKeyOf(timestamp: string): string | undefined {
  const parts = rfc3339.exec(timestamp);
  if (parts === null) return undefined;
  const [, date = "", time = "", fraction = "", zone = ""] = parts;
  const milliseconds = Date.parse(`${date}T${time}Z`);
  // A date such as 31 April is read as 1 May, so what was read has to say the same again.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 19) !== `${date}T${time}`) {
    return undefined;
  }
  const offset = offsetMs(zone);
  if (offset === undefined) return undefined;
  const utc = new Date(milliseconds - offset).toISOString();
  return utc.length === 24 ? `${utc.slice(0, 19)}.${fraction.padEnd(9, "0")}Z` : undefined;
}

/** The order key of a moment in milliseconds since 1970. */
export function orderKeyOfMs(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000000Z`;
}

/** The moment of an order key, in whole milliseconds since 1970. */
export function momentOf(orderKey: string): number {
  return Date.parse(`${orderKey.slice(0, 23)}Z`);
}

function offsetMs(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
