export interface WireErrorOptions {
  /** The part of the request that is wrong. */
  readonly param?: string;
  readonly code?: string;
  readonly type?: string;
  readonly cause?: unknown;
  /** False where repeating the request can not help; clients that retry by themselves then do not. */
  readonly shouldRetry?: false;
}

/** An answer that only HTTP knows: an unknown route, a query that does not parse, a call this service does not offer. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly status: number;
  readonly type: string;
  readonly param: string | undefined;
  readonly code: string | undefined;
  readonly shouldRetry: false | undefined;

  constructor(status: number, message: string, options: WireErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.type = options.type ?? (status >= 500 ? "server_error" : "invalid_request_error");
    this.param = options.param;
    this.code = options.code;
    this.shouldRetry = options.shouldRetry;
  }
}
