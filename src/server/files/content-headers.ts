/** The name under which a browser saves a file: plain for old clients, and exact in UTF-8 (RFC 6266). */
export function attachmentNamed(filename: string): string {
  const plain = filename.replaceAll(/[^ -~]|["\\%]/g, "_");
  const exact = encodeURIComponent(filename).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

/** Whether an `If-None-Match` header names this entity tag, by the weak comparison that RFC 9110, 13.1.2, asks for. */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((one) => one.trim().replace(/^W\//, ""));
  return tags.includes(tag) || tags.includes("*");
}
