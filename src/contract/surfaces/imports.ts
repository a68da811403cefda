import { importMarks } from "../../surfaces/imports/index.js";
import { collectionContract } from "../collection-contract.js";
import { durableDocuments } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const importsContract: SurfaceContract = {
  surface: "imports",
  class: "restart_safe_local_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/imports, written by src/transfer",
  backend: ["journal"],
  durability: "journaled",
  collections: [collectionContract(importMarks, "the SHA-256 of what is being imported, and since when")],
  acknowledgment: durableDocuments,
  retention: { limits: {}, rule: "Until the import has written its last document." },
  restart: "Nothing is lost: the same import, run again, goes on where it was cut short.",
  reported: ["an import that goes on says so"],
  access: null,
};
