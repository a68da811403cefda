import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { HoldfastError } from "../../errors.js";
import { WireError } from "../errors/wire-error.js";

/** Nested deeper, a body is refused before anything recurses into it. The store's own limit may be lower. */
const deepestBody = 512;

/**
 * Reads JSON bodies, `application/merge-patch+json` too. A body without content type and content is none; the official
 * client sends its cancel calls so.
 */
export function readJsonBodies(server: FastifyInstance): void {
  server.removeContentTypeParser(["application/json", "text/plain"]);
  server.addContentTypeParser(
    ["application/json", "application/merge-patch+json"],
    { parseAs: "string" },
    (_request, body: string, done) => {
      try {
        done(null, body === "" ? undefined : parseBody(body));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
}

function parseBody(body: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    // The parser's own message quotes the body; it stays out of replies.
    throw new WireError(400, "The body is not valid JSON.", { code: "invalid_body", cause: error });
  }
  assertHarmless(value);
  return value;
}

/**
 * Refuses what could harm code that handles the body: nesting that recursion can not follow, and a member that stands for
 * an object's prototype. Level by level instead of by recursion, which is what it protects.
 *
 * @throws WireError 400
 */
function assertHarmless(value: unknown): void {
  let level: object[] = isObject(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > deepestBody) {
      throw new WireError(400, `The body is nested deeper than ${deepestBody} levels.`, { code: "invalid_body" });
    }
    const next: object[] = [];
    for (const one of level) {
      if (Object.hasOwn(one, "__proto__")) {
        throw new WireError(400, "The body has a member called __proto__, which is not allowed.", {
          code: "invalid_body",
        });
      }
      for (const member of Object.values(one) as unknown[]) {
        if (isObject(member)) next.push(member);
      }
    }
    level = next;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
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
