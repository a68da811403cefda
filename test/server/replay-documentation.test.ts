import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runningService } from "./running-service.js";

interface Command {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** The calls in the shell examples of a page, as curl would make them. */
function commandsOf(page: string): Command[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block.replaceAll("\\\n", ""));
  return blocks
    .flatMap((block) => block.split("\n"))
    .filter((line) => line !== "")
    .map((line) => {
      const path = /"\$HOLDFAST(\/[^"]*)"/.exec(line)?.[1];
      if (!line.startsWith("curl ") || path === undefined) throw new Error(`not understood: ${line}`);
      const headers = [...line.matchAll(/-H "([\w-]+): ([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]);
      return {
        method: /-X (\w+)/.exec(line)?.[1] ?? "GET",
        path,
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: /-d '([^']*)'/.exec(line)?.[1],
      };
    });
}

test("every example of docs/replay.md does what it says, in the order they stand there", async () => {
  const commands = commandsOf(await readFile(new URL("../../docs/replay.md", import.meta.url), "utf8"));
  expect(commands.length).toBeGreaterThan(10);
  await using service = await runningService();
  for (const { method, path, headers, body } of commands) {
    const { status } = await service.send(method, path, body, headers);
    expect(`${method} ${path} ${status}`).toMatch(/ 20[01]$/);
    if (method === "PATCH") {
      expect((await service.send("GET", path)).body).toMatchObject({ lifecycle_state: "completed", prompt_tokens: 12 });
    }
  }
  expect((await service.send("GET", "/v1/router_replay")).body).toMatchObject({ total: 0 });
});
