/** Who may call the service, and how often. @module */
export { identifyCallers, requireRoles } from "./control-access.js";
export type { AccessKey } from "./keyring.js";
export { limitRequests } from "./limit-requests.js";
export { callerOf, includesRole, roleOf, type Caller } from "./role-of.js";
