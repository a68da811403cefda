import { z } from "zod";

/** What a pack's index knows of the bodies: which members have a table, and through which schema they were read. */
export const packColumnsSchema = z.object({
  /** The version of the schema that the values were taken through; `null`: there was no definition. */
  schemaVersion: z.number().int().positive().nullable(),
  /** The paths of the indexed members, in the order of their tables. */
  indexes: z.array(z.string()).readonly(),
  /** The path of the member that the declared order is over; `null`: listings are by creation. */
  order: z.string().nullable(),
});

export type PackColumns = Readonly<z.infer<typeof packColumnsSchema>>;

/** Whether two packs have the same tables, so that one's can be merged into the other's. */
export function sameColumns(left: PackColumns, right: PackColumns): boolean {
  return (
    left.schemaVersion === right.schemaVersion &&
    left.order === right.order &&
    left.indexes.length === right.indexes.length &&
    left.indexes.every((path, index) => path === right.indexes[index])
  );
}
