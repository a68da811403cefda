import { HoldfastError, type Problem } from "../errors.js";
import { durabilityContract } from "./durability-contract.js";
import type { SurfaceContract } from "./surface-contract.js";

/** What is looked at of a definition. It need not come from a program whose types were checked. */
interface Definition {
  readonly name: string;
  readonly durability: string;
  readonly retention: { readonly timeToLiveMs?: number | undefined; readonly maximumCount?: number | undefined };
}

/**
 * Refuses to open a store that does not do what the contract says. Called with every opening, so a collection that was
 * added without a place in the contract, or whose retention was changed beside it, does not reach anyone's disk.
 *
 * @param builtIn the collections of the surfaces: each must belong to exactly one surface of the contract, as declared.
 * @param users the collections of the program around it: none may take the name of a built-in one.
 * @throws HoldfastError `INVALID_CONFIG` with every problem listed.
 */
export function assertContract(
  builtIn: readonly Definition[],
  users: readonly Definition[] = [],
  surfaces: readonly SurfaceContract[] = durabilityContract.surfaces,
): void {
  const problems = [
    ...problemsOfSurfaces(surfaces),
    ...problemsOfBuiltIn(builtIn, surfaces),
    ...problemsOfUsers(users, surfaces),
  ];
  if (problems.length > 0) {
    throw HoldfastError.ofProblems(
      "INVALID_CONFIG",
      "The collections are not those of the durability contract (src/contract).",
      problems,
    );
  }
}

function* problemsOfSurfaces(surfaces: readonly SurfaceContract[]): Generator<Problem> {
  for (const { surface, durability, collections } of surfaces) {
    if (durability === "journaled") continue;
    for (const { name } of collections) {
      yield { path: `/${name}`, message: `is kept in a collection, but its surface ${surface} is not journaled` };
    }
  }
}

function* problemsOfBuiltIn(builtIn: readonly Definition[], surfaces: readonly SurfaceContract[]): Generator<Problem> {
  const seen = new Set<string>();
  for (const definition of builtIn) {
    const { name } = definition;
    const path = `/${name}`;
    if (seen.has(name)) yield { path, message: "is listed twice" };
    seen.add(name);
    yield* problemsOfDurability(definition);
    const owners = surfaces.filter(({ collections }) => collections.some((collection) => collection.name === name));
    if (owners.length === 0) yield { path, message: "belongs to no surface of the contract" };
    if (owners.length > 1) {
      yield { path, message: `belongs to several surfaces: ${owners.map(({ surface }) => surface).join(", ")}` };
    }
    const promised = owners[0]?.collections.find((collection) => collection.name === name);
    for (const limit of ["timeToLiveMs", "maximumCount"] as const) {
      if (promised !== undefined && promised.retention[limit] !== definition.retention[limit]) {
        yield {
          path,
          message: `${limit} is ${definition.retention[limit]}, the contract says ${promised.retention[limit]}`,
        };
      }
    }
  }
  for (const { surface, collections } of surfaces) {
    for (const { name } of collections) {
      if (!seen.has(name)) yield { path: `/${name}`, message: `is promised by ${surface}, but is not opened` };
    }
  }
}

function* problemsOfUsers(users: readonly Definition[], surfaces: readonly SurfaceContract[]): Generator<Problem> {
  for (const definition of users) {
    yield* problemsOfDurability(definition);
    const owner = surfaces.find(({ collections }) => collections.some(({ name }) => name === definition.name));
    if (owner !== undefined) {
      yield { path: `/${definition.name}`, message: `is the name of a collection of ${owner.surface}; choose another` };
    }
  }
}

function* problemsOfDurability({ name, durability }: Definition): Generator<Problem> {
  if (durability !== "journaled") {
    yield {
      path: `/${name}`,
      message: `has the durability ${JSON.stringify(durability)}; a collection is "journaled"`,
    };
  }
}
