/** A server-sent event of a streamed response, its place in the stream left out: the stream numbers them. */
export interface StreamEvent {
  readonly type: `response.${string}`;
  readonly [member: string]: unknown;
}
