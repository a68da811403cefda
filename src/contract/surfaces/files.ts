import { fileRemovalsCollection, filesCollection } from "../../surfaces/files/index.js";
import { collectionContract } from "../collection-contract.js";
import { mostDocumentRoutes } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const filesContract: SurfaceContract = {
  surface: "files",
  class: "shared_durable_workflow_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/files, in the process that holds the directory",
  backend: ["journal", "blobs"],
  durability: "journaled",
  collections: [
    collectionContract(
      filesCollection,
      "one file: name, purpose, size and SHA-256; its bytes lie beside the documents",
    ),
    collectionContract(fileRemovalsCollection, "a file that is gone while its bytes are still to be removed"),
  ],
  acknowledgment:
    "The bytes are on disk, counted and hashed, and only then the record: both survive SIGKILL, power loss and a full " +
    "disk. What was not acknowledged is not listed.",
  retention: {
    limits: {},
    rule: "As `expires_after` of each file says; else it does not expire. Deleting a file detaches it everywhere.",
  },
  restart:
    "Nothing is lost: bytes without a record, which were never acknowledged, are set aside, and removals that were " +
    "interrupted are finished. A record whose bytes are missing or have another size gets the status `error`.",
  reported: [
    "bytes that were set aside, records without their bytes: `status/recovery.json`, `quarantine/`",
    "bytes that do not match their SHA-256: reading them fails; `holdfast verify` finds them",
  ],
  access: mostDocumentRoutes,
};
