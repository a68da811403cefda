import { durableDocuments, mostDocumentRoutes } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

/** The surface of every collection that the program around Holdfast declares; it names none of the built-in ones. */
export const userCollectionsContract: SurfaceContract = {
  surface: "user_collections",
  class: "restart_safe_local_state",
  class_here: "restart_safe_local_state",
  owner: "the program that declares them with `defineCollection`",
  backend: ["journal"],
  durability: "journaled",
  collections: [],
  acknowledgment: durableDocuments,
  retention: { limits: {}, rule: "As each collection declares (`retention`): by time, by count, or not at all." },
  restart: "Nothing is lost. Documents of an older schema version are migrated when they are read.",
  reported: ["documents that were damaged: `status/recovery.json`, by id"],
  access: mostDocumentRoutes,
};
