import { parseArgs } from "node:util";

export interface MutationOptions {
  /** Only the mutations whose name contains this. */
  readonly only: string | undefined;
  /** Where the copies are kept afterwards, to look into; by default they are removed. */
  readonly keep: boolean;
}

export const usage = `npm run test:mutation -- [options]

Puts one durability bug after the other into a copy of the sources, and shows which test notices it. Ends with 1 if one
goes unnoticed. A run of all of them writes docs/mutations.md.

  --only <text>  only mutations whose name contains it
  --keep         leave the copy where it is
  --help`;

/** @throws TypeError for an argument that does not exist. */
export function parseMutationOptions(args: readonly string[]): MutationOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values.help ? "help" : { only: values.only, keep: values.keep };
}
