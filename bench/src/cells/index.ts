/**
 * Everything that is measured in a process of its own. Each gets a plan, which is JSON, and returns figures; none is
 * loaded where another one runs.
 */
export const cells = {
  insert: async () => (await import("./insert.js")).insert,
  lifecycle: async () => (await import("./lifecycle.js")).lifecycle,
  load: async () => (await import("./load.js")).load,
  merge: async () => (await import("./merge.js")).merge,
  open: async () => (await import("./open.js")).openAndRead,
  read: async () => (await import("./read.js")).read,
  "write-until-killed": async () => (await import("./write-until-killed.js")).writeUntilKilled,
  watch: async () => (await import("./watch.js")).watch,
  limits: async () => (await import("./limits.js")).limits,
} as const;

export type CellName = keyof typeof cells;

/** The plan of a cell, without the directory if that is made for it. */
export type PlanOf<Name extends CellName> = Parameters<Awaited<ReturnType<(typeof cells)[Name]>>>[0];
