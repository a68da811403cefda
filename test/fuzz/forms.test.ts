import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { FuzzedService } from "./fuzzed-service.js";
import { fuzzing } from "./fuzzing.js";

let fuzzed: FuzzedService;
beforeAll(async () => {
  fuzzed = await FuzzedService.start();
});
afterAll(() => fuzzed[Symbol.asyncDispose]());

const marks = ["--b", "--b--", "\r\n", "\n", "\r\n\r\n", "--", "b"];
const parts = [
  'Content-Disposition: form-data; name="purpose"',
  'Content-Disposition: form-data; name="file"; filename="a.txt"',
  'Content-Disposition: form-data; name="expires_after[seconds]"',
  'content-disposition: form-data; name="__proto__"',
  "Content-Type: text/plain",
  "assistants",
  "3600",
  "x".repeat(5_000),
];
const wellFormed = `--b\r\n${parts[0] ?? ""}\r\n\r\nassistants\r\n--b\r\n${parts[1] ?? ""}\r\n\r\nbytes\r\n--b--\r\n`;

test("a form in pieces, cut off or scrambled, is an upload or refused, and leaves no bytes behind", async () => {
  const anyForm = fc.oneof(
    fc.array(fc.constantFrom(...marks, ...parts), { maxLength: 24 }).map((pieces) => pieces.join("")),
    fc
      .tuple(fc.nat(wellFormed.length), fc.nat(40))
      .map(([at, length]) => wellFormed.slice(0, at) + wellFormed.slice(at + length)),
    fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.toWellFormed()),
  );
  const type = fc.constantFrom(
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="b',
  );
  await fc.assert(
    fc.asyncProperty(anyForm, type, async (body, contentTypeOfForm) => {
      await fuzzed.expectProperAnswer({
        method: "POST",
        path: "/v1/files",
        headers: { "content-type": contentTypeOfForm },
        body,
      });
    }),
    fuzzing("forms", 300),
  );
  // Every blob there is belongs to a file that is listed: what was refused has left none.
  const { body } = await fuzzed.service.send("GET", "/v1/files?limit=10000");
  const listed = (body as { data: { id: string }[] }).data.map(({ id }) => id).sort();
  await eventually("the bytes of refused uploads are gone", async () => {
    const stored: string[] = [];
    for await (const { id } of fuzzed.service.state.blobs.list()) stored.push(id);
    return isDeepStrictEqual(stored.sort(), listed);
  });
});
