export { publishedPhase, type StartupStoreCondition } from "./published-phase.js";
export { startupTransitions, StartupHistory } from "./startup-history.js";
export { startupReportSchema, type StartupReport } from "./startup-report.js";
export type { StartupOptions } from "./startup-options.js";
export { Startup } from "./startup.js";
