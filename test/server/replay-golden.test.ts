import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goldenRecords, privateText } from "./golden/replay-records.js";
import { keyedService, type KeyedService } from "./replay-service.js";

/**
 * Every answer, byte for byte. `HOLDFAST_WRITE_GOLDEN=1` writes the files anew: what has changed in them is then for a
 * person to look at.
 */
const folder = fileURLToPath(new URL("golden/replay/", import.meta.url));
const isWriting = process.env["HOLDFAST_WRITE_GOLDEN"] === "1";

const list = "/v1/router_replay";
const [newest, complete] = ["00000000000000000000000000000005", "00000000000000000000000000000003"];

const answers: Readonly<Record<string, string>> = {
  list: list,
  "list-details": `${list}?showDetails=true`,
  "list-page": `${list}?limit=2&offset=1`,
  "list-last-page": `${list}?limit=2&offset=9`,
  "list-search": `${list}?search=%20eq-%20`,
  "list-search-recipe": `${list}?search=CODING`,
  "list-recipe": `${list}?recipe=coding`,
  "list-decision": `${list}?decision=answer`,
  "list-session": `${list}?session_id=session-1`,
  "list-model": `${list}?model=auto`,
  "list-cached": `${list}?cache_status=cached`,
  "list-streamed": `${list}?cache_status=streamed`,
  "list-filters-together": `${list}?cache_status=all&decision=answer&model=model-small&session_id=session-1`,
  "list-nothing": `${list}?recipe=nothing`,
  aggregate: `${list}/aggregate`,
  "aggregate-session": `${list}/aggregate?session_id=session-1`,
  "aggregate-decision": `${list}/aggregate?decision=answer`,
  "aggregate-cached": `${list}/aggregate?cache_status=cached`,
  "aggregate-nothing": `${list}/aggregate?recipe=nothing`,
  trajectory: `${list}/trajectory?session_id=session-1`,
  "trajectory-of-bodies": `${list}/trajectory?session_id=session-2`,
  "trajectory-by-request": `${list}/trajectory?session_id=req-4`,
  "trajectory-nothing": `${list}/trajectory?session_id=nothing`,
  record: `${list}/${complete}`,
  "record-small": `${list}/${newest}`,
  "record-missing": `${list}/nothing`,
  export: `${list}/export`,
  "export-session": `${list}/export?session_id=session-1`,
  "invalid-limit": `${list}?limit=many`,
  "invalid-limit-zero": `${list}?limit=0`,
  "invalid-offset": `${list}?offset=1.5`,
  "invalid-offset-negative": `${list}?offset=-1`,
  "invalid-details": `${list}?showDetails=maybe`,
  "invalid-cache-status": `${list}/aggregate?cache_status=warm`,
  "invalid-trajectory": `${list}/trajectory`,
  "invalid-query": `${list}?recipe=%zz`,
};

describe("the answers of the replay routes", () => {
  let service: KeyedService;

  beforeAll(async () => {
    service = await keyedService();
    for (const record of goldenRecords) {
      const reply = await service.as("writer", "POST", list, { record });
      expect(reply).toMatchObject({ status: 201, body: { id: record.id } });
    }
    if (isWriting) await mkdir(folder, { recursive: true });
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
  });

  for (const [name, path] of Object.entries(answers)) {
    for (const role of ["viewer", "detail"] as const) {
      test(`${name}, as ${role}`, async () => {
        const file = join(folder, `${name}.${role}.json`);
        const text = `${await service.text(role, path)}\n`;
        if (isWriting) await writeFile(file, text);
        expect(text).toBe(await readFile(file, "utf8"));
        if (role === "viewer") expect(text).not.toContain(privateText);
      });
    }
  }

  test("are all there is in the folder", async () => {
    const names = Object.keys(answers).flatMap((name) => [`${name}.detail.json`, `${name}.viewer.json`]);
    expect((await readdir(folder)).sort()).toEqual(names.sort());
  });

  test("hold the planted text where a reader may see it", async () => {
    const planted = goldenRecords.flatMap((record) => JSON.stringify(record).split(privateText).length - 1);
    const shown = (await service.text("detail", `${list}/export`)).split(privateText).length - 1;
    expect(shown).toBe(planted.reduce((sum, count) => sum + count, 0));
  });
});
