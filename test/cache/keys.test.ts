import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { responseCacheKey, retrievalCacheKey, type ResponseCachePartition } from "../../src/cache/index.js";

const whole: Required<ResponseCachePartition> = {
  recipe: "r",
  decision: "d",
  requestModel: "auto",
  selectedModel: "m",
  protocol: "responses",
  namespace: "n",
  epoch: 1,
};

describe("the key of an answer", () => {
  test("is that of the same request, however its members are ordered", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (request) => {
        expect(responseCacheKey(whole, reversed(request))).toBe(responseCacheKey(whole, request));
      }),
    );
  });

  test("differs for different requests and for each part of the partition, also where the parts hold colons", () => {
    const keys = [
      responseCacheKey(whole, { input: "a" }),
      responseCacheKey(whole, { input: "b" }),
      responseCacheKey(whole, { input: ["a"] }),
      responseCacheKey(whole, ["a", "b"]),
      responseCacheKey(whole, ["b", "a"]),
      ...Object.keys(whole).map((name) => responseCacheKey({ ...whole, [name]: "other" }, { input: "a" })),
      ...Object.keys(whole).map((name) => responseCacheKey({ ...whole, [name]: undefined }, { input: "a" })),
      responseCacheKey({ recipe: "a:b", decision: "c" }, 0),
      responseCacheKey({ recipe: "a", decision: "b:c" }, 0),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^exact:v1:[0-9a-f]{64}$/);
  });

  test("stays what it is, so that a shared cache survives an update of the program", () => {
    expect(responseCacheKey({ recipe: "r", epoch: 1 }, { input: "hello", b: [1, null], a: "ü" })).toBe(
      "exact:v1:1c269a95ef2a14efb7e6834cda98ffe3bae3c0e0c10a8b841b34e6419b985d39",
    );
  });
});

describe("the key of a retrieval", () => {
  const retrieval = { backend: "memory", vectorStore: "vs_1", query: "q", topK: 5, threshold: 0.5 };

  test("names the vector store: two stores share no answers", () => {
    expect(retrievalCacheKey(retrieval)).toMatch(/^rag:v1:[0-9a-f]{64}$/);
    expect(retrievalCacheKey({ ...retrieval, vectorStore: "vs_2" })).not.toBe(retrievalCacheKey(retrieval));
  });

  test("differs with everything that shapes the result", () => {
    const keys = [
      retrievalCacheKey(retrieval),
      ...[
        { backend: "other" },
        { query: "other" },
        { topK: 6 },
        { threshold: 0.6 },
        { threshold: undefined },
        { filters: { type: "eq", key: "a", value: 1 } },
        { contentVersion: 2 },
      ].map((change) => retrievalCacheKey({ ...retrieval, ...change })),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

/** The same JSON with the members of each object in the other order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
