import { mkdir, readdir, readFile } from "node:fs/promises";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { Layout } from "../src/files/layout.js";
import { nodeFileSystem } from "../src/files/node-file-system.js";
import { replaceFileDurably } from "../src/files/replace-file.js";
import { jsonSchemaText, publishedSchemas } from "../src/schemas.js";
import { Startup } from "../src/surfaces/startup/index.js";
import { temporaryFolder } from "./watch/temporary-folder.js";

const folder = new URL("../schemas/", import.meta.url);

async function validator(file: string): Promise<ValidateFunction> {
  const schema = JSON.parse(await readFile(new URL(file, folder), "utf8")) as object;
  return new Ajv2020({ strict: true }).compile(schema);
}

test("the published schemas are those of the code; if not, run `npm run schemas`", async () => {
  expect((await readdir(folder)).sort()).toEqual(publishedSchemas.map(({ file }) => file).sort());
  for (const published of publishedSchemas) {
    expect(await readFile(new URL(published.file, folder), "utf8"), published.file).toBe(jsonSchemaText(published));
  }
});

test("a startup status as a router leaves it on disk is valid, and a damaged one is not", async () => {
  const validate = await validator("startup-status.schema.json");
  await using state = await temporaryFolder();
  const layout = new Layout(state.path);
  await mkdir(layout.status);
  const startup = await Startup.begin({
    layout,
    epoch: 1,
    host: "router-0",
    pid: process.pid,
    writeFile: (path, bytes) => replaceFileDurably(nodeFileSystem, path, bytes),
  });
  await startup.report({
    phase: "downloading_models",
    message: "Downloading model /models/a",
    downloading_model: "/models/a",
    pending_models: ["/models/a"],
    ready_models: 1,
    total_models: 2,
    embedding_provider: { mode: "remote", healthy: true },
    progress: [{ model: "/models/a", bytes: 1, total_bytes: 4, percent: 25 }],
  });
  await startup.close();
  const status = JSON.parse(await readFile(layout.startupStatus, "utf8")) as Record<string, unknown>;
  expect(validate(status), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...status, phase: "on_fire" })).toBe(false);
  expect(validate({ ...status, run_id: undefined })).toBe(false);
});
