import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { OpenApiDocument } from "../../src/server/openapi/openapi-document.js";
import { response } from "../surfaces/samples.js";
import { runningService, type RunningService } from "./running-service.js";

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content: Readonly<Record<string, { readonly schema?: Schema }>> }
    >
  >;
}

async function documentOf(service: RunningService): Promise<OpenApiDocument> {
  const { status, body } = await service.send("GET", "/openapi.json");
  expect(status).toBe(200);
  return body as OpenApiDocument;
}

function operationsOf(document: OpenApiDocument): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      path,
      method,
      operation: operation as unknown as Operation,
    })),
  );
}

/** Formats tell people more; that the text is one is not what is checked here. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

describe("/openapi.json", () => {
  test("has every registered route, and nothing else", async () => {
    await using service = await runningService();
    const document = await documentOf(service);
    const registered = service.server.routeRegister.routes
      .filter(({ method }) => method !== "HEAD")
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
    const described = operationsOf(document).map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(described.sort()).toEqual(registered.sort());
    expect(described).toContain("GET /openapi.json");
    expect(described).toContain("DELETE /v1/conversations/{id}/items/{item}");
  });

  test("is valid by the schema of OpenAPI 3.1", async () => {
    await using service = await runningService();
    const validator = new Validator();
    // It resolves references within what it is given.
    const document = structuredClone(await documentOf(service)) as unknown as Record<string, object>;
    const result = await validator.validate(document);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("is an OpenAPI 3.1 document: what it must have is there, what it names exists", async () => {
    await using service = await runningService();
    const document = await documentOf(service);
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Holdfast", version: expect.any(String) as string },
    });
    const tags = new Set(document.tags.map(({ name }) => name));
    const ids = new Set<string>();
    for (const { path, method, operation } of operationsOf(document)) {
      const where = `${method} ${path}`;
      expect([where, operation.summary.endsWith(".")]).toEqual([where, false]);
      expect([where, operation.tags.filter((tag) => !tags.has(tag))]).toEqual([where, []]);
      expect([where, ids.has(operation.operationId)]).toEqual([where, false]);
      ids.add(operation.operationId);
      const declared = operation.parameters.filter((parameter) => parameter.in === "path");
      expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(declared.every(({ required }) => required)).toBe(true);
      const names = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect([where, new Set(names).size]).toEqual([where, names.length]);
      const codes = Object.keys(operation.responses);
      expect(codes.some((code) => /^[1-5]\d\d$/.test(code))).toBe(true);
      expect(codes.every((code) => /^([1-5]\d\d|[1-5]XX|default)$/.test(code))).toBe(true);
      for (const { description } of Object.values(operation.responses)) expect(description).not.toBe("");
    }
    for (const reference of referencesIn(document))
      expect([reference, typeof resolve(document, reference)]).toEqual([reference, "object"]);
  });

  test("has schemas that are JSON Schemas, and describes query and body as they are checked", async () => {
    await using service = await runningService();
    const document = await documentOf(service);
    for (const { operation } of operationsOf(document)) {
      const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((one) =>
        Object.values(one?.content ?? {}),
      );
      const schemas = [...operation.parameters, ...contents].flatMap(({ schema }) =>
        schema === undefined ? [] : [schema],
      );
      for (const schema of schemas) {
        expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null]);
      }
    }
    const list = operationsOf(document).find(({ operation }) => operation.operationId === "getResponsesIdInputItems");
    expect(list?.operation.parameters.map(({ name }) => name)).toEqual([
      "id",
      "limit",
      "order",
      "after",
      "before",
      "include",
      "include[]",
    ]);
    expect(list?.operation.parameters[1]?.schema).toEqual({ type: "integer", minimum: 1, maximum: 100 });
    const record = document.paths["/v1/state/responses"]?.["post"] as unknown as Operation;
    const body = record.requestBody?.content["application/json"]?.schema ?? {};
    expect(ajv.validate(body, { response: response("resp_1"), input: "x" })).toBe(true);
    expect(ajv.validate(body, { response: response("resp_1"), inptu: "misspelt" })).toBe(false);
  });

  test("describes the replies that really come", async () => {
    await using service = await runningService();
    const document = await documentOf(service);
    await service.send("POST", "/v1/state/responses", { response: response("resp_1"), input: "hello" });
    await service.send("PUT", "/v1/state/conversations/conv_1", { conversation: { metadata: { a: "b" } } });
    const items = { items: [{ role: "user", content: "hello" }] };
    await service.send("POST", "/v1/conversations/conv_1/items", items);
    const listed = await service.send("GET", "/v1/conversations/conv_1/items");
    const [item = ""] = (listed.body as { data: { id: string }[] }).data.map(({ id }) => id);
    const known: Readonly<Record<string, string>> = { responses: "resp_1", conversations: "conv_1" };
    const answered: string[] = [];
    for (const { path, method, operation } of operationsOf(document)) {
      if (method !== "get" || path.endsWith("/changes")) continue;
      const kind = path.split("/").find((word) => word in known) ?? "";
      const url = path.replace("{id}", known[kind] ?? "none").replace("{item}", item);
      const { status, body } = await service.send("GET", url);
      const shape = operation.responses[String(status)] ?? operation.responses[`${Math.floor(status / 100)}XX`];
      const content = shape?.content["application/json"]?.schema;
      if (content === undefined) continue;
      const reference = content["$ref"];
      const schema = typeof reference === "string" ? (resolve(document, reference) as Schema) : content;
      expect([path, status, ajv.validate(schema, body), ajv.errors]).toEqual([path, status, true, null]);
      if (status === 200) answered.push(path);
    }
    expect(answered).toEqual(
      expect.arrayContaining([
        "/v1/responses/{id}",
        "/v1/conversations/{id}/items/{item}",
        "/v1/state/responses/{id}/chain",
        "/v1/operator/recovery",
        "/v1/operator/storage",
        "/v1/operator/contract",
        "/openapi.json",
      ]),
    );
  });
});

test("docs/http-routes.md has every route (written anew by vitest run test/server/openapi.test.ts -u)", async () => {
  await using service = await runningService();
  const rows = service.server.routeRegister.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, url, description: { role, tag, summary, errors = "openai" } }) => ({
      tag,
      line: `| \`${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}\` | ${role} | ${errors} | ${summary} |`,
    }));
  const sections = [...new Set(rows.map(({ tag }) => tag))].map((tag) => {
    const lines = rows.filter((row) => row.tag === tag).map(({ line }) => line);
    return `## ${tag}\n\n| Route | Role | Errors | |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n`;
  });
  const introduction =
    "Made from the routes themselves; [http.md](http.md) explains them. *Role* is the least that may call a route,\n" +
    "*Errors* the shape of its errors ([errors.md](errors.md)).\n";
  const page = `# Every route\n\n${introduction}\n${sections.join("\n")}`;
  await expect(page).toMatchFileSnapshot("../../docs/http-routes.md");
});

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "$ref" && typeof member === "string" ? [member] : referencesIn(member),
  );
}

/** What a reference within the document names (RFC 6901 behind the `#`). */
function resolve(document: OpenApiDocument, reference: string): unknown {
  let value: unknown = document;
  for (const member of reference.replace(/^#\/?/, "").split("/")) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[
      member.replaceAll("~1", "/").replaceAll("~0", "~")
    ];
  }
  return value;
}
