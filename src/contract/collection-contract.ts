import type { CollectionDefinition } from "../collections/index.js";
import type { CollectionContract } from "./surface-contract.js";

/**
 * What the contract says of a collection. Name, durability and retention are read from the definition that the store is
 * opened with, so the contract can not promise what the code does not do.
 *
 * @param holds what one document of it is.
 */
export function collectionContract(
  { name, durability, retention }: Pick<CollectionDefinition<unknown>, "name" | "durability" | "retention">,
  holds: string,
): CollectionContract {
  return { name, holds, durability, retention: { ...retention } };
}
