import type { Mutation } from "../mutation.js";

const second = "test/locking/second-writer.test.ts";
const claims = "test/locking/claims.test.ts";

/** Bugs that let two processes think that a directory is theirs. */
export const ownershipMutations: readonly Mutation[] = [
  {
    name: "claim-not-exclusive",
    bug: "Of several that make the same claim, the last one replaces the others, and all believe they have it.",
    file: "src/files/replace-file.ts",
    find: "    const linked = await linkExclusively(fileSystem, temporary, path);\n    await fileSystem.remove(temporary);\n    return linked;\n",
    replace: "    await fileSystem.rename(temporary, path);\n    return linkExclusively.length > 0;\n",
    tests: ["test/faults/faulty-file-system.test.ts", claims],
  },
  {
    name: "living-holder-judged-dead",
    bug: "A holder that answers on its socket is taken for dead.",
    file: "src/locking/judge-holder.ts",
    find: 'if (liveness.verdict === "dead") return',
    replace: 'if (liveness.verdict !== "unknown") return',
    tests: [second],
  },
  {
    name: "stale-pid-believed",
    bug: "A process that got the pid of a dead holder is taken for it.",
    file: "src/locking/judge-holder.ts",
    find: "    if (running === false) return",
    replace: "    if (claim === undefined && running === false) return",
    tests: ["test/locking/damaged-lock.test.ts"],
  },
  {
    name: "socket-forgotten",
    bug: "An owner claims without naming its socket, so from another container it looks dead or alive by guess.",
    file: "src/locking/directory-lock.ts",
    find: "          socket: await bound.listen(),\n",
    replace: "          socket: null,\n",
    tests: ["test/locking/damaged-lock.test.ts"],
  },
  {
    name: "late-claim-not-looked-at-again",
    bug: "A claim made by a process that slept through several owners counts, beside the newest.",
    file: "src/locking/directory-lock.ts",
    find: "if ((await listClaims(fileSystem, layout.epochs)).at(-1) === claim.epoch) return true;",
    replace: "if ((await listClaims(fileSystem, layout.epochs)).includes(claim.epoch)) return true;",
    tests: [claims],
  },
  {
    name: "fence-sees-only-its-own-claim",
    bug: "An owner does not notice that another has claimed the directory after it.",
    file: "src/locking/claim.ts",
    find: "if (made !== undefined && fileSystem.identityNow(own) === made && !fileSystem.existsNow(next)) return;",
    replace: "if (made !== undefined && fileSystem.identityNow(own) === made && next !== own) return;",
    tests: ["test/locking/paused-writer.test.ts"],
  },
  {
    name: "displaced-owner-forgotten",
    bug: "An owner that was taken over while it lived is unknown to the successors of its successor.",
    file: "src/locking/directory-lock.ts",
    find: "          await keepInSight(fileSystem, layout.status, judgement.socket, epoch);\n",
    replace: "          await Promise.resolve(keepInSight.name);\n",
    tests: [claims],
  },
];
