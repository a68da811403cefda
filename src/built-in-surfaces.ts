import type { CollectionDefinition, Maintained, Reconciled, Reconciliation } from "./collections/index.js";
import { isHoldfastError } from "./errors.js";
import type { DirectoryStore, SurfacesOutcome } from "./store/index.js";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  Conversations,
  conversationsCollection,
} from "./surfaces/conversations/index.js";
import { idempotencyKeysCollection } from "./surfaces/idempotency/index.js";
import {
  responseRemovalsCollection,
  Responses,
  responsesCollection,
  responseThreadsCollection,
} from "./surfaces/responses/index.js";
import { startupTransitions } from "./surfaces/startup/index.js";

/** What can be set of the surfaces when a directory is opened. */
export interface SurfaceOptions {
  readonly responses?: {
    /** How long a response is kept after the last activity in its history. Default 30 days. */
    readonly timeToLiveMs?: number;
  };
}

/** The collections of the surfaces. */
export const builtInCollections = [
  responsesCollection,
  responseThreadsCollection,
  responseRemovalsCollection,
  conversationsCollection,
  conversationItemsCollection,
  conversationDeletionsCollection,
  idempotencyKeysCollection,
  startupTransitions,
] as readonly CollectionDefinition<unknown>[];

/** What a router keeps, over one store. */
export class BuiltInSurfaces {
  readonly responses: Responses;
  readonly conversations: Conversations;

  constructor(store: DirectoryStore, { responses = {} }: SurfaceOptions) {
    const now = (): number => store.expiryTime();
    this.responses = new Responses(store, { ...responses, now });
    this.conversations = new Conversations(store, { ...responses, now });
  }

  /** Those with work to do from time to time. */
  get maintained(): readonly Maintained[] {
    return [this.conversations, this.responses];
  }

  /** Puts in order what the previous owner left undone. */
  async reconcile(): Promise<SurfacesOutcome> {
    return reconcileAll([]);
  }
}

/**
 * A full disk does not keep a directory from being opened, or it could not be read and nothing in it deleted: what needs
 * room is left as it is, and said. Every other failure is one of opening: a surface that does not know what it has must
 * not take in more.
 */
async function reconcileAll(
  surfaces: readonly (readonly [name: string, surface: Reconciled])[],
): Promise<SurfacesOutcome> {
  const reconciled: Reconciliation[] = [];
  const warnings: string[] = [];
  for (const [name, surface] of surfaces) {
    try {
      reconciled.push(...(await surface.reconcile()));
    } catch (error) {
      if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
      warnings.push(
        `The disk is full: what the previous owner left undone in ${name} stays so until there is room and the directory is opened again.`,
      );
    }
  }
  return { reconciled, warnings };
}
