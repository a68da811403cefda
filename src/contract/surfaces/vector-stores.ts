import {
  attachmentsCollection,
  batchesCollection,
  intentsCollection,
  vectorStoresCollection,
} from "../../surfaces/vector-stores/index.js";
import { collectionContract } from "../collection-contract.js";
import { durableDocuments, mostDocumentRoutes } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

const kept = {
  class: "shared_durable_workflow_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/vector-stores, in the process that holds the directory",
  durability: "journaled",
  access: mostDocumentRoutes,
} as const;

export const vectorStoresContract: SurfaceContract = {
  ...kept,
  surface: "vector_stores",
  backend: ["journal"],
  collections: [
    collectionContract(vectorStoresCollection, "one vector store; its counts are derived, never stored"),
    collectionContract(intentsCollection, "what is about to be done in the vector backend, until both sides agree"),
  ],
  acknowledgment: `${durableDocuments} What the vector backend was asked to do is done, or noted and tried again.`,
  retention: {
    limits: {},
    rule:
      "As `expires_after` of each store says, from its last use; else it does not expire. An expired store stays " +
      "visible with the status `expired` until it is deleted; its collection in the backend is removed.",
  },
  restart:
    "Nothing is lost: a store that was half made is rolled back, a deletion or an expiry that was interrupted is " +
    "finished. While the backend does not answer, that is noted and tried again.",
  reported: [
    "what was rolled back, finished, or is pending: `status/recovery.json`",
    "collections that no store has, and stores without a collection: listed there, and left alone",
  ],
};

export const vectorStoreFilesContract: SurfaceContract = {
  ...kept,
  surface: "vector_store_files",
  backend: ["journal"],
  collections: [collectionContract(attachmentsCollection, "one file in one vector store")],
  acknowledgment: `${durableDocuments} A file that is in progress has someone who will bring it to its end.`,
  retention: { limits: {}, rule: "As long as the vector store and the file: they go with either." },
  restart:
    "Nothing is lost: ingestion that was waiting goes on, and what a dead process was at becomes `failed` with a typed " +
    "error. Ingestion of another program goes on until its lease is over.",
  reported: [
    "ingestion that was interrupted or has lost its program: `last_error` of the file, `status/recovery.json`",
  ],
};

export const fileBatchesContract: SurfaceContract = {
  ...kept,
  surface: "file_batches",
  backend: ["journal"],
  collections: [collectionContract(batchesCollection, "which files were attached together")],
  acknowledgment: `${durableDocuments} All of its files were attached in the same transaction, or none.`,
  retention: { limits: {}, rule: "As long as the vector store." },
  restart: "Nothing is lost. Status and counts are derived from the files, so a batch ends when they do.",
  reported: ["what became of each file: the batch's list of files"],
};
