import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Responses } from "../../src/surfaces/responses/index.js";
import { historiesContract } from "./histories-contract.js";
import { responsesContract } from "./responses-contract.js";
import { response } from "./samples.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

historiesContract("the state directory", stateDirectoryUnderTest);
responsesContract("the state directory", stateDirectoryUnderTest);

test("R18: a stored response stands in a versioned envelope that a person can read", async () => {
  await using under = await stateDirectoryUnderTest();
  await new Responses(under.store).record({ response: response("resp_1"), input: "hello" });
  await under.store.checkpoint();
  const folder = join(under.directory, "collections", "responses", "documents");
  const [name] = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".json"));
  const envelope: unknown = JSON.parse(await readFile(join(folder, name ?? ""), "utf8"));
  expect(envelope).toMatchObject({
    kind: "responses",
    schemaVersion: 1,
    id: "resp_1",
    revision: 1,
    body: { response: response("resp_1") },
  });
});
