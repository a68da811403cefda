import { z } from "zod";
import { ProblemList } from "../history/problems.js";
import { filePurposes, type FilePurpose } from "./file-document.js";

/** The limits OpenAI sets for the life of a file, in seconds. */
const shortestLifeSeconds = 3_600;
const longestLifeSeconds = 2_592_000;
const longestFileName = 255;

/** What a file is, besides its bytes. */
export interface UploadDetails {
  /** A path is taken for its last part. 1 to 255 characters, none of them a control character. */
  readonly filename?: unknown;
  /** One of {@link filePurposes}. */
  readonly purpose?: unknown;
  /** `{anchor: "created_at", seconds}`, 3,600 to 2,592,000. Default: the file does not expire. */
  readonly expires_after?: unknown;
}

export interface CheckedUpload {
  readonly filename: string;
  readonly purpose: FilePurpose;
  readonly expiresAfterSeconds: number | undefined;
}

const expiresAfterSchema = z.looseObject({
  anchor: z.literal("created_at", { error: 'must be "created_at"' }),
  seconds: z
    .int({ error: "must be a whole number" })
    .min(shortestLifeSeconds, `must be at least ${shortestLifeSeconds}`)
    .max(longestLifeSeconds, `must be at most ${longestLifeSeconds}`),
});

const purposeSchema = z.enum(filePurposes, { error: `must be one of ${filePurposes.join(", ")}` });

const refusal = "The file can not be stored.";

/**
 * Checks what is known of an upload before its bytes are taken: what was not given yet may still come.
 *
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed.
 */
export function checkGiven({ filename, purpose, expires_after }: UploadDetails, formats: readonly string[]): void {
  const problems = new ProblemList();
  if (filename !== undefined) checkFileName(filename, formats, problems);
  if (purpose !== undefined) problems.check(purposeSchema, purpose, "/purpose");
  if (expires_after !== undefined) problems.check(expiresAfterSchema, expires_after, "/expires_after");
  problems.throwIfAny(refusal);
}

/** Checks the whole. @throws HoldfastError `INVALID_DOCUMENT` with every problem listed. */
export function checkUpload(details: UploadDetails, formats: readonly string[]): CheckedUpload {
  const problems = new ProblemList();
  const filename = checkFileName(details.filename, formats, problems);
  const purpose = problems.check(purposeSchema, details.purpose, "/purpose");
  const expiry =
    details.expires_after === undefined
      ? undefined
      : problems.check(expiresAfterSchema, details.expires_after, "/expires_after");
  return problems.accepted(
    filename === undefined || purpose === undefined
      ? undefined
      : { filename, purpose, expiresAfterSeconds: expiry?.seconds },
    refusal,
  );
}

function checkFileName(given: unknown, formats: readonly string[], problems: ProblemList): string | undefined {
  const path = "/filename";
  if (typeof given !== "string") {
    problems.add(path, "must be a text");
    return undefined;
  }
  const name = given.split(/[/\\]/).at(-1) ?? "";
  const length = Array.from(name).length;
  if (name === "" || name === "." || name === "..") problems.add(path, "must name a file");
  if (length > longestFileName) problems.add(path, `has ${length} characters; ${longestFileName} are allowed`);
  if (/\p{Cc}/u.test(name)) problems.add(path, "must not contain control characters");
  if (!name.isWellFormed()) problems.add(path, "must not contain half of a surrogate pair");
  if (formats.length > 0 && !formats.some((format) => name.toLowerCase().endsWith(format))) {
    problems.add(path, `must end in one of ${formats.join(", ")}: no other formats are taken`);
  }
  return name;
}
