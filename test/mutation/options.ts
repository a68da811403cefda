import { parseArgs } from "node:util";

export interface MutationOptions {
  /** Only the mutations whose name contains one of these; all, if there are none. */
  readonly only: readonly string[];
  /** Whether the page is to be written although only some were tried. */
  readonly record: boolean;
  /** Where the copies are kept afterwards, to look into; by default they are removed. */
  readonly keep: boolean;
}

export const usage = `npm run test:mutation -- [options]

Puts one durability bug after the other into a copy of the sources, and shows which test notices it. Ends with 1 if one
goes unnoticed. A run of all of them writes docs/mutations.md.

  --only <text>  only mutations whose name contains it; can be given several times
  --record       with --only: writes what came of them into docs/mutations.md, beside what it says of the others
  --keep         leave the copy where it is
  --help`;

/** @throws TypeError for an argument that does not exist. */
export function parseMutationOptions(args: readonly string[]): MutationOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      record: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values.help ? "help" : { only: values.only, record: values.record, keep: values.keep };
}
