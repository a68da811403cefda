import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { HoldfastError } from "../../errors.js";
import { WireError } from "../errors/wire-error.js";

/** Nested deeper, a body is refused before anything recurses into it. The store's own limit may be lower. */
const deepestBody = 512;

/**
 * Reads JSON bodies, `application/merge-patch+json` too. Member names that would reach a prototype are refused, not
 * dropped. A body without content type and content is none; the official client sends its cancel calls so.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.removeContentTypeParser(["application/json", "text/plain"]);
  server.addContentTypeParser(
    ["application/json", "application/merge-patch+json"],
    { parseAs: "string" },
    (request, body: string, done) => {
      if (body.length === 0) {
        done(null, undefined);
        return;
      }
      parse(request, body, (error, value: unknown) => {
        if (error === null && isDeeperThan(value, deepestBody)) {
          done(new WireError(400, `The body is nested deeper than ${deepestBody} levels.`, { code: "invalid_body" }));
        } else {
          done(error, value);
        }
      });
    },
  );
}

/** Level by level instead of by recursion, which is what it protects. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

/**
 * Checks a body against the shape of its route.
 *
 * @returns the body itself, with unknown members where the schema admits them.
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed.
 */
export function checkedBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 50).map(({ path, message }) => ({
    path: path.map((member) => `/${String(member)}`).join(""),
    message,
  }));
  throw HoldfastError.ofProblems("INVALID_DOCUMENT", "The request body is not valid.", problems);
}
