/**
 * Undoes the escaping of PostgreSQL's `COPY ... TO STDOUT` in text format, of a column that holds JSON
 * (https://www.postgresql.org/docs/current/sql-copy.html). JSON has no control characters, which `COPY` would write as
 * `\\n` and the like, so all that it escapes in JSON is the backslash, by doubling it.
 *
 * @returns `undefined` for a line that no `COPY` of JSON prints: one in which a backslash stands alone. It is JSON
 * already, and undoing what was never done would change it.
 */
export function uncopied(line: string): string | undefined {
  for (const [run] of line.matchAll(/\\+/g)) if (run.length % 2 === 1) return undefined;
  return line.replaceAll("\\\\", "\\");
}
