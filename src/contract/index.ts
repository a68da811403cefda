/** What each surface promises about its state, as data. @module */
export { assertContract } from "./assert-contract.js";
export { contractPage, limitsText } from "./contract-page.js";
export { durabilityContract } from "./durability-contract.js";
export { byteCount, duration } from "./quantities.js";
export {
  collectionContractSchema,
  durabilityContractSchema,
  stateBackends,
  stateClasses,
  surfaceContractSchema,
  type CollectionContract,
  type ContractLimits,
  type DurabilityContract,
  type StateBackend,
  type StateClass,
  type SurfaceContract,
} from "./surface-contract.js";
