import type { SurfaceContract } from "./surface-contract.js";

/** What acknowledgment means for everything that is journaled. */
export const durableDocuments =
  "The documents are on disk: they survive SIGKILL, power loss and a full disk. What was not acknowledged is there " +
  "whole, or not at all.";

/** Who may do what with documents that hold people's text. */
export const mostDocumentRoutes: SurfaceContract["access"] = {
  read: "detail",
  write: "writer",
  viewer: "Nothing; in the feed of changes only that a document changed, never its body.",
};
