import { HoldfastError, isHoldfastError, type ErrorCode, type Problem } from "../../errors.js";

/** An error on its way from one thread to another, where its class and most of its members would be lost. */
export interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an error of Holdfast's own. */
  readonly holdfast?: {
    readonly code: ErrorCode;
    readonly details: Readonly<Record<string, unknown>>;
    readonly problems: readonly Problem[];
  };
  /** What the system says besides, such as `code`. */
  readonly system: Readonly<Record<string, string | number>>;
  readonly cause?: SentError;
}

const systemMembers = ["code", "errno", "syscall", "path", "dest"] as const;

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined, system: {} };
  const { message, stack, cause } = error;
  const members = error as unknown as Readonly<Record<string, unknown>>;
  const system: Record<string, string | number> = {};
  for (const name of systemMembers) {
    const value = members[name];
    if (typeof value === "string" || typeof value === "number") system[name] = value;
  }
  return {
    message,
    stack,
    system,
    ...(isHoldfastError(error)
      ? { holdfast: { code: error.code, details: error.details, problems: error.problems } }
      : {}),
    ...(cause === undefined ? {} : { cause: sentError(cause) }),
  };
}

export function receivedError({ message, stack, holdfast, system, cause: sentCause }: SentError): Error {
  const cause = sentCause === undefined ? undefined : receivedError(sentCause);
  const error =
    holdfast === undefined
      ? Object.assign(new Error(message, cause === undefined ? undefined : { cause }), system)
      : new HoldfastError(holdfast.code, message, { cause, details: holdfast.details, problems: holdfast.problems });
  if (stack !== undefined) error.stack = stack;
  return error;
}
