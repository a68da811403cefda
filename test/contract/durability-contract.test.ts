import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { builtInCollections } from "../../src/built-in-surfaces.js";
import { cacheLimits } from "../../src/cache/index.js";
import { defineCollection } from "../../src/collections/index.js";
import {
  assertContract,
  byteCount,
  contractPage,
  durabilityContract,
  duration,
  limitsText,
  stateClasses,
  type SurfaceContract,
} from "../../src/contract/index.js";
import { contractRoleSchema } from "../../src/contract/surface-contract.js";
import type { HoldfastError } from "../../src/errors.js";
import { roles } from "../../src/server/routing/describe-route.js";
import { idempotencyRetentionMs } from "../../src/surfaces/idempotency/index.js";
import { defaultTimeToLiveMs } from "../../src/surfaces/responses/index.js";
import { startupTransitions } from "../../src/surfaces/startup/index.js";
import { thrownBy } from "../support/rejection.js";

const { surfaces } = durabilityContract;

function surface(name: string): SurfaceContract {
  const found = surfaces.find((contract) => contract.surface === name);
  if (found === undefined) throw new Error(`The contract has no surface ${name}.`);
  return found;
}

/** What is said against a list of collections. */
function problemsOf(...given: Parameters<typeof assertContract>): HoldfastError {
  return thrownBy(() => {
    assertContract(...given);
  });
}

describe("the contract", () => {
  test("has every surface a router keeps, each once", () => {
    expect(surfaces.map((contract) => contract.surface)).toEqual([
      "responses",
      "conversations",
      "router_replay",
      "vector_stores",
      "vector_store_files",
      "file_batches",
      "files",
      "startup_status",
      "startup_history",
      "idempotency_keys",
      "imports",
      "semantic_cache",
      "rag_cache",
      "user_collections",
    ]);
  });

  test("gives every built-in collection to exactly one surface, and promises none that is not opened", () => {
    const promised = surfaces.flatMap(({ collections }) => collections.map(({ name }) => name));
    expect(promised.toSorted()).toEqual(builtInCollections.map(({ name }) => name).toSorted());
    expect(new Set(promised).size).toBe(promised.length);
  });

  test("says of retention what the code does", () => {
    const limits = (name: string): SurfaceContract["retention"]["limits"] => surface(name).retention.limits;
    expect(limits("responses")).toEqual({ timeToLiveMs: defaultTimeToLiveMs });
    expect(limits("conversations")).toEqual({});
    expect(limits("idempotency_keys")).toEqual({ timeToLiveMs: idempotencyRetentionMs });
    expect(limits("startup_history")).toEqual(startupTransitions.retention);
    for (const cache of ["semantic_cache", "rag_cache"]) {
      expect(limits(cache)).toEqual({
        timeToLiveMs: cacheLimits.timeToLiveMs,
        maximumCount: cacheLimits.maximumEntries,
        maximumBytes: cacheLimits.maximumBytes,
      });
    }
    for (const definition of builtInCollections) {
      const [promised] = surfaces.flatMap(({ collections }) =>
        collections.filter(({ name }) => name === definition.name),
      );
      expect(promised?.retention, definition.name).toEqual(definition.retention);
      expect(promised?.durability, definition.name).toBe(definition.durability);
    }
  });

  test("gives what is ephemeral no collection, and what is durable one", () => {
    for (const contract of surfaces) {
      if (contract.class === "ephemeral_request_state") {
        expect(contract.collections, contract.surface).toEqual([]);
        expect(contract.durability, contract.surface).toBe("none");
        expect(contract.backend, contract.surface).not.toContain("journal");
      } else {
        expect(contract.durability, contract.surface).not.toBe("none");
      }
      if (contract.backend.includes("journal") && contract.surface !== "user_collections") {
        expect(contract.collections.length, contract.surface).toBeGreaterThan(0);
      }
    }
  });

  test("knows the classes and roles of everyone else", () => {
    expect(contractRoleSchema.options).toEqual([...roles]);
    for (const contract of surfaces) expect(Object.keys(stateClasses)).toContain(contract.class);
  });

  test("is valid by its published schema", async () => {
    const url = new URL("../../schemas/durability-contract.schema.json", import.meta.url);
    const schema = JSON.parse(await readFile(url, "utf8")) as object;
    const validate = new Ajv2020({ strict: true }).compile(schema);
    expect(validate(durabilityContract), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...durabilityContract, surfaces: [{ surface: "made_up" }] })).toBe(false);
  });
});

describe("opening is refused", () => {
  const extra = defineCollection({ name: "extra", schema: z.looseObject({}) });

  /** The collections as the contract promises them. */
  const promised = surfaces.flatMap(({ collections }) => collections);

  test("unless the collections are those of the contract", () => {
    expect(() => {
      assertContract(builtInCollections, [extra]);
    }).not.toThrow();
    expect(() => {
      assertContract(promised, [extra]);
    }).not.toThrow();
  });

  test("with a built-in collection that has no surface, or one that is missing, or both", () => {
    const [first, ...others] = promised;
    expect(problemsOf([...others, extra])).toMatchObject({
      code: "INVALID_CONFIG",
      problems: [
        { path: "/extra", message: "belongs to no surface of the contract" },
        { path: `/${first?.name ?? ""}`, message: "is promised by responses, but is not opened" },
      ],
    });
  });

  test("with a collection that two surfaces have", () => {
    const twice = [...surfaces, { ...surface("user_collections"), collections: surface("files").collections }];
    const names = surface("files").collections.map(({ name }) => `/${name}`);
    expect(problemsOf(promised, [], twice)).toMatchObject({
      problems: names.map((path) => ({ path, message: "belongs to several surfaces: files, user_collections" })),
    });
  });

  test("with a retention that differs from the contract's", () => {
    const changed = promised.map((definition) =>
      definition.name === startupTransitions.name ? { ...definition, retention: { maximumCount: 5 } } : definition,
    );
    expect(problemsOf(changed)).toMatchObject({
      problems: [{ path: "/startup_transitions", message: "maximumCount is 5, the contract says 10000" }],
    });
  });

  test("with a collection that is not journaled, whoever declares it", () => {
    const hasty = { ...extra, durability: "none" };
    expect(problemsOf(promised, [hasty])).toMatchObject({
      problems: [{ path: "/extra", message: 'has the durability "none"; a collection is "journaled"' }],
    });
  });

  test("with a collection of a program that takes a built-in name", () => {
    const mine = defineCollection({ name: "responses", schema: z.looseObject({}) });
    expect(problemsOf(promised, [mine])).toMatchObject({
      problems: [{ path: "/responses", message: "is the name of a collection of responses; choose another" }],
    });
  });

  test("with an ephemeral surface that keeps a collection", () => {
    const kept = surfaces.map((contract) =>
      contract.surface === "idempotency_keys" ? { ...contract, durability: "none" as const } : contract,
    );
    expect(problemsOf(promised, [], kept)).toMatchObject({
      problems: [{ path: "/idempotency_keys", message: expect.stringContaining("is not journaled") as string }],
    });
  });
});

describe("docs/durability-contract.md", () => {
  test("is what the contract says; if not, run `npm run contract`", async () => {
    const text = await readFile(new URL("../../docs/durability-contract.md", import.meta.url), "utf8");
    expect(text).toBe(contractPage(durabilityContract));
  });

  test("says times and limits in words", () => {
    expect([2_592_000_000, 86_400_000, 5_400_000, 1_000, 1_500].map(duration)).toEqual([
      "30 days",
      "1 day",
      "90 minutes",
      "1 second",
      "1500 milliseconds",
    ]);
    expect(limitsText({})).toBe("without limit");
    expect([1_073_741_824, 67_108_864, 1_536, 3_000].map(byteCount)).toEqual([
      "1 GiB",
      "64 MiB",
      "1536 bytes",
      "3000 bytes",
    ]);
    expect(limitsText({ timeToLiveMs: 1_000, maximumCount: 2_000, maximumBytes: 1_024 })).toBe(
      "1 second, at most 2,000, at most 1 KiB",
    );
  });
});
