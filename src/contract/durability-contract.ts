import { durabilityContractSchema, type DurabilityContract } from "./surface-contract.js";
import { ragCacheContract, semanticCacheContract } from "./surfaces/caches.js";
import { filesContract } from "./surfaces/files.js";
import { conversationsContract, responsesContract } from "./surfaces/histories.js";
import { idempotencyKeysContract } from "./surfaces/idempotency.js";
import { importsContract } from "./surfaces/imports.js";
import { routerReplayContract } from "./surfaces/replay.js";
import { startupHistoryContract, startupStatusContract } from "./surfaces/startup.js";
import { userCollectionsContract } from "./surfaces/user-collections.js";
import { fileBatchesContract, vectorStoreFilesContract, vectorStoresContract } from "./surfaces/vector-stores.js";

/**
 * What each surface promises: class, owner, backend, what acknowledgment means, retention, what a restart does, what is
 * reported, and who may see it. Opening a directory asserts it (`assertContract`); the command line, the service and
 * `docs/durability-contract.md` show it.
 */
export const durabilityContract: DurabilityContract = durabilityContractSchema.parse({
  version: 1,
  surfaces: [
    responsesContract,
    conversationsContract,
    routerReplayContract,
    vectorStoresContract,
    vectorStoreFilesContract,
    fileBatchesContract,
    filesContract,
    startupStatusContract,
    startupHistoryContract,
    idempotencyKeysContract,
    importsContract,
    semanticCacheContract,
    ragCacheContract,
    userCollectionsContract,
  ],
} satisfies DurabilityContract);
