import type { Multipart, MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import { HoldfastError } from "../../errors.js";
import { uploadPurposes, type UploadDetails } from "../../surfaces/files/index.js";
import { WireError } from "../errors/wire-error.js";

/** What a form may hold besides the bytes of its file, each far above what the fields of an upload need. */
const limits = { fields: 20, fieldSize: 16 * 1024, files: 2, parts: 24, headerPairs: 100 } as const;
/** The most that boundaries and fields add to a file, in bytes. */
const longestRest = 1024 * 1024;

/** An upload as it arrives. The official client sends the file first, so most of it is known only after the bytes. */
export interface UploadForm {
  /** What the form said before its file, and the file's name. */
  readonly details: UploadDetails;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Reads what follows the bytes. @returns everything the form says. @throws WireError 400 */
  readonly rest: () => Promise<UploadDetails>;
}

/**
 * Reads a form up to its file.
 *
 * @param limitBytes the most bytes the file may have; a request that is longer as a whole is refused unread.
 * @throws WireError 400 or 415 for anything that is not an upload; HoldfastError `DOCUMENT_TOO_LARGE`.
 */
export async function uploadForm(request: FastifyRequest, limitBytes: number): Promise<UploadForm> {
  if (!request.isMultipart()) {
    throw new WireError(415, "An upload is sent as multipart/form-data.", { code: "unsupported_media_type" });
  }
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > limitBytes + longestRest) {
    throw new HoldfastError("DOCUMENT_TOO_LARGE", `A file may have ${limitBytes} bytes; the request has ${length}.`, {
      details: { limitBytes },
    });
  }
  // The size of the file is limited by who stores it.
  const parts = request.parts({ limits: { ...limits, fileSize: Number.POSITIVE_INFINITY } });
  const fields = new Map<string, unknown>();
  const file = await nextFile(parts, fields);
  if (file === undefined) throw refusal("file", "is missing: the form must have a part of this name with a filename");
  if (file.fieldname !== "file") throw refusal(file.fieldname, "is not known as a file; the file is called file");
  const { filename } = file as { readonly filename?: string };
  // As the official client calls what has no name.
  const named = { filename: filename === undefined || filename === "" ? "unknown_file" : filename };
  return {
    details: { ...named, ...detailsOf(fields) },
    bytes: readable(file.file),
    rest: async () => {
      const second = await nextFile(parts, fields);
      if (second !== undefined) throw refusal(second.fieldname, "is a second file; one is taken at a time");
      return { ...named, ...detailsOf(fields) };
    },
  };
}

/** Lets what remains of a refused upload run off, so that the client gets to read the answer. */
export function ignoreRest({ raw }: FastifyRequest): void {
  raw.unpipe();
  raw.resume();
}

/** Reads fields up to the next file. @returns `undefined` at the end of the form. */
async function nextFile(
  parts: AsyncIterator<Multipart>,
  fields: Map<string, unknown>,
): Promise<MultipartFile | undefined> {
  for (;;) {
    const next = await unlessUnreadable(() => parts.next());
    if (next.done === true) return undefined;
    const part = next.value;
    if (part.type === "file") return part;
    const name = part.fieldname;
    if (fields.has(name)) throw refusal(name, "is given more than once");
    if (part.valueTruncated) throw refusal(name, `is longer than ${limits.fieldSize} bytes`);
    fields.set(name, part.value);
  }
}

/** @throws WireError 400 for a purpose that only the service itself gives. */
function detailsOf(fields: ReadonlyMap<string, unknown>): UploadDetails {
  const purpose = fields.get("purpose");
  if (purpose !== undefined && !(uploadPurposes as readonly unknown[]).includes(purpose)) {
    throw refusal("purpose", `must be one of ${uploadPurposes.join(", ")}`);
  }
  const anchor = fields.get("expires_after[anchor]");
  const seconds = fields.get("expires_after[seconds]");
  const isGiven = anchor !== undefined || seconds !== undefined;
  return {
    ...(purpose === undefined ? {} : { purpose }),
    ...(isGiven ? { expires_after: { anchor, seconds: numberOf(seconds) } } : {}),
  };
}

/** A field is a text; one that is no number is left for the check to refuse. */
function numberOf(field: unknown): unknown {
  return typeof field === "string" && /^\d{1,15}$/.test(field) ? Number(field) : field;
}

async function* readable(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessUnreadable(() => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** A form that is cut off or malformed is the sender's doing; what exceeds a limit comes with a status of its own. */
async function unlessUnreadable<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && "statusCode" in error) throw error;
    throw new WireError(400, "The form can not be read to its end: it is malformed, or was cut off.", {
      code: "invalid_body",
      cause: error,
    });
  }
}

function refusal(param: string, message: string): WireError {
  return new WireError(400, `The form's part ${JSON.stringify(param)} ${message}.`, { param, code: "invalid_body" });
}
