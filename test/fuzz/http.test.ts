import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RegisteredRoute } from "../../src/server/routing/route-register.js";
import { anyId, anyQuery, bodyText, contentType } from "./any-request.js";
import { FuzzedService, type FuzzedRequest } from "./fuzzed-service.js";
import { fuzzing } from "./fuzzing.js";

const methodsWithBody = new Set(["POST", "PUT", "PATCH", "DELETE"]);

let fuzzed: FuzzedService;
beforeAll(async () => {
  fuzzed = await FuzzedService.start();
});
afterAll(() => fuzzed[Symbol.asyncDispose]());

test("every route answers whatever it is sent, in the documented shape, and never with a defect", async () => {
  const anyRoute = fc.nat().map((index) => fuzzed.routes[index % fuzzed.routes.length] as RegisteredRoute);
  const anyRequest = fc
    .tuple(anyRoute, fc.array(anyId, { minLength: 4, maxLength: 4 }), anyQuery, bodyText, contentType)
    .map(([{ method, url }, ids, query, body, type]): FuzzedRequest => {
      let used = 0;
      const path = url.replace(/:\w+/g, () => ids[used++ % ids.length] ?? "");
      const hasBody = methodsWithBody.has(method) && body.length > 0;
      return {
        method,
        path: `${path}${query === "" ? "" : `?${query}`}`,
        headers: hasBody ? { "content-type": type } : {},
        body: hasBody ? body : undefined,
      };
    });
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyRequest, { minLength: 8, maxLength: 8 }), async (requests) => {
      for (const status of await Promise.all(requests.map((request) => fuzzed.expectProperAnswer(request))))
        statuses.add(status);
      expect(fuzzed.takeDefects()).toEqual([]);
    }),
    fuzzing("HTTP requests", 150),
  );
  // Enough of it got past the first checks.
  expect([200, 400, 404].filter((status) => !statuses.has(status))).toEqual([]);
  expect((await fuzzed.service.send("GET", "/health")).status).toBe(200);
});

test("each route by itself refuses bodies that are no object, and goes on", async () => {
  const bodies = ["null", "[]", "0", '""', "{}", "{", '{"__proto__":{}}', `${"[".repeat(5_000)}${"]".repeat(5_000)}`];
  for (const { method, url } of fuzzed.routes) {
    const path = url.replace(/:\w+/g, "unknown_1");
    for (const body of methodsWithBody.has(method) ? bodies : [undefined]) {
      const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
      await fuzzed.expectProperAnswer({ method, path, headers, body });
    }
  }
  expect((await fuzzed.service.send("GET", "/health")).status).toBe(200);
});
