import type { Mutation } from "../mutation.js";
import { checkpointMutations } from "./checkpoint.js";
import { fileMutations } from "./files.js";
import { foundFaultMutations } from "./found-faults.js";
import { journalReadingMutations } from "./journal-reading.js";
import { journalWritingMutations } from "./journal-writing.js";
import { ownershipMutations } from "./ownership.js";
import { packThreadMutations } from "./pack-thread.js";
import { packMutations } from "./packs.js";
import { recoveryMutations } from "./recovery.js";
import { surfaceMutations } from "./surfaces.js";
import { systemFaultMutations } from "./system-faults.js";

/** Every bug that `npm run test:mutation` puts in, each by itself. */
export const mutations: readonly Mutation[] = [
  ...fileMutations,
  ...journalWritingMutations,
  ...journalReadingMutations,
  ...checkpointMutations,
  ...recoveryMutations,
  ...ownershipMutations,
  ...surfaceMutations,
  ...systemFaultMutations,
  ...foundFaultMutations,
  ...packMutations,
  ...packThreadMutations,
];
