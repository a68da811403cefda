import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { WireError } from "../errors/wire-error.js";
import { choice, text, texts, wholeNumber } from "./query-members.js";

/** `include[]=x&include[]=y` as the official client sends it, and `include=x`. */
export const includeMembers = {
  include: texts().optional().describe("Members that are left out otherwise, such as reasoning.encrypted_content."),
  "include[]": texts().optional().describe("The same, as the official client sends it."),
};

/** What the list calls share. Unknown query members are left alone: clients send what later versions of the API know. */
export const listMembers = {
  limit: wholeNumber(1, 100).optional().describe("How many, 1 to 100. Default 20."),
  order: choice(["asc", "desc"]).optional().describe("By creation. Default desc."),
  after: text().optional().describe("Continue behind the object of this id."),
  before: text().optional().describe("End before the object of this id. Not together with after."),
  ...includeMembers,
};

export const listQuerySchema = z.object(listMembers);
export const includeQuerySchema = z.object(includeMembers);

/** A checked query of a list, with its defaults. */
export interface ListQuery {
  readonly limit: number;
  readonly order: "asc" | "desc";
  readonly after?: string;
  readonly before?: string;
  readonly include: readonly string[];
}

/**
 * Checks the query of a request against the schema of its route.
 *
 * @throws WireError 400 naming the first parameter that is wrong, every problem in the message.
 */
export function checkedQuery<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  request: FastifyRequest,
): z.output<z.ZodObject<Shape>> {
  const result = schema.safeParse(valuesOf(schema, request));
  if (result.success) return result.data;
  throw refusal(result.error.issues.map(({ path, message }) => ({ param: path.map(String).join("."), message })));
}

/** @throws WireError 400 naming the parameter. */
export function listQuery(request: FastifyRequest): ListQuery {
  return pageOf(checkedQuery(listQuerySchema, request));
}

/** The page that a checked list query asks for. @throws WireError 400 for one that ends at both sides. */
export function pageOf(query: z.output<typeof listQuerySchema>): ListQuery {
  const { limit = 20, order = "desc", after, before } = query;
  if (after !== undefined && before !== undefined) {
    throw refusal([{ param: "before", message: "can not be given together with after" }]);
  }
  return {
    limit,
    order,
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    include: includedBy(query),
  };
}

export function includedBy(query: z.output<typeof includeQuerySchema>): readonly string[] {
  return [...(query["include[]"] ?? []), ...(query.include ?? [])];
}

export function includeQuery(request: FastifyRequest): readonly string[] {
  return includedBy(checkedQuery(includeQuerySchema, request));
}

/** The members the schema knows: lists as lists, and the others only if they were given once. */
function valuesOf(schema: z.ZodObject, request: FastifyRequest): Record<string, unknown> {
  const given = request.query as Readonly<Record<string, string | string[] | undefined>>;
  const values: Record<string, unknown> = {};
  for (const [name, member] of Object.entries<z.core.$ZodType>(schema.shape)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) continue;
    if (isList(member)) values[name] = [value].flat();
    else if (Array.isArray(value)) throw refusal([{ param: name, message: "can be given once only" }]);
    else values[name] = value;
  }
  return values;
}

function isList(member: z.core.$ZodType): boolean {
  const inner = member instanceof z.ZodOptional || member instanceof z.ZodDefault ? member.unwrap() : member;
  return inner instanceof z.ZodArray;
}

function refusal(problems: readonly { readonly param: string; readonly message: string }[]): WireError {
  const lines = problems.map(({ param, message }) => `The query parameter ${param} ${message}.`);
  return new WireError(400, lines.join(" "), { param: problems[0]?.param ?? "", code: "invalid_parameter" });
}
