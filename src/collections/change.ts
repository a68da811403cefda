/** One operation of a committed transaction. */
export type ChangeOperation =
  | {
      readonly type: "put";
      readonly collection: string;
      readonly id: string;
      readonly revision: number;
      readonly expiresAt?: string;
      /** As stored by the writer, in the schema version it used. */
      readonly body: unknown;
    }
  | { readonly type: "delete"; readonly collection: string; readonly id: string; readonly revision: number };

/** One committed transaction, whole: to resume behind it, pass its `sequence` as `since`. */
export interface Change {
  readonly sequence: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly operations: readonly ChangeOperation[];
}
