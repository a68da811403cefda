import type { FastifyRequest } from "fastify";
import { WireError } from "../errors/wire-error.js";

/** What the list calls share. Unknown query members are left alone: clients send what later versions of the API know. */
export interface ListQuery {
  readonly limit: number;
  readonly order: "asc" | "desc";
  readonly after?: string;
  readonly before?: string;
  readonly include: readonly string[];
}

/** @throws WireError 400 naming the parameter. */
export function listQuery(request: FastifyRequest): ListQuery {
  const after = textQuery(request, "after");
  const before = textQuery(request, "before");
  if (after !== undefined && before !== undefined) throw refuse("before", "can not be given together with after");
  return {
    limit: numberQuery(request, "limit", 1, 100) ?? 20,
    order: choiceQuery(request, "order", ["asc", "desc"]) ?? "desc",
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    include: includeQuery(request),
  };
}

/** `include[]=x&include[]=y` as the official client sends it, and `include=x`. */
export function includeQuery(request: FastifyRequest): readonly string[] {
  return [...valuesOf(request, "include[]"), ...valuesOf(request, "include")];
}

export function textQuery(request: FastifyRequest, name: string): string | undefined {
  const values = valuesOf(request, name);
  if (values.length > 1) throw refuse(name, "can be given once only");
  if (values[0] === "") throw refuse(name, "must not be empty");
  return values[0];
}

export function numberQuery(request: FastifyRequest, name: string, least: number, most: number): number | undefined {
  const text = textQuery(request, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw refuse(name, `must be a whole number from ${least} to ${most}`);
}

export function booleanQuery(request: FastifyRequest, name: string): boolean {
  return choiceQuery(request, name, ["true", "false"]) === "true";
}

function choiceQuery<Choice extends string>(
  request: FastifyRequest,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textQuery(request, name);
  const choice = choices.find((one) => one === text);
  if (text !== undefined && choice === undefined) throw refuse(name, `must be one of ${choices.join(", ")}`);
  return choice;
}

function valuesOf(request: FastifyRequest, name: string): string[] {
  const value = (request.query as Readonly<Record<string, string | string[] | undefined>>)[name];
  return value === undefined ? [] : [value].flat();
}

function refuse(param: string, message: string): WireError {
  return new WireError(400, `The query parameter ${param} ${message}.`, { param, code: "invalid_parameter" });
}
