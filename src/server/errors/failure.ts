/** Why a request failed, in the one form that everything inside the service uses; see `errorBody` for how it is told. */
export interface Failure {
  /** The HTTP status. */
  readonly status: number;
  /** OpenAI's `error.type`. */
  readonly type: string;
  /** Lower case with underscores. */
  readonly code: string;
  /** The part of the request that is wrong, as OpenAI names it: `input[0].role`. */
  readonly param: string | null;
  readonly message: string;
  /** False where repeating the request can not help; clients that retry by themselves then do not. */
  readonly shouldRetry: false | undefined;
}
