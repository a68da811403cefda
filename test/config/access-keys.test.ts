import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { keyRoles, loadAccessKeys, loadConfig } from "../../src/config/index.js";
import { isHoldfastError } from "../../src/errors.js";
import { roles } from "../../src/server/routing/describe-route.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const secret = "a-key-that-nobody-may-see";
const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

async function keysOf(content: string, name = "keys.yaml"): ReturnType<typeof loadAccessKeys> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, name);
  await writeFile(file, content);
  return await loadAccessKeys(file, {});
}

describe("keys", () => {
  test("are none where none are given", async () => {
    expect(await loadAccessKeys(null, {})).toBeUndefined();
  });

  test("come from a file in YAML or JSON, by themselves or as hashes, and are hashed at once", async () => {
    const hash = sha256("another-key-of-some-length");
    const expected = [
      { name: "router", role: "writer", sha256: sha256(secret) },
      { name: "board", role: "viewer", sha256: hash },
    ];
    const yaml = `keys:\n  - { name: router, role: writer, key: ${secret} }\n  - { name: board, role: viewer, sha256: ${hash.toUpperCase()} }\n`;
    expect(await keysOf(yaml)).toEqual(expected);
    const json = {
      keys: [
        { name: "router", role: "writer", key: secret },
        { name: "board", role: "viewer", sha256: hash },
      ],
    };
    expect(await keysOf(JSON.stringify(json), "keys.json")).toEqual(expected);
  });

  test("come from the environment, which is no setting and is not shown", async () => {
    const environment = { HOLDFAST_KEYS: `writer:${secret}, viewer:it:may-hold-colons` };
    expect(await loadAccessKeys(null, environment)).toEqual([
      { name: "environment-1", role: "writer", sha256: sha256(secret) },
      { name: "environment-2", role: "viewer", sha256: sha256("it:may-hold-colons") },
    ]);
    const loaded = await loadConfig({ workingDirectory: "/", environment });
    expect(JSON.stringify([loaded, [...loaded.origins]])).not.toContain(secret);
  });

  test("have the roles that the service knows", () => {
    expect(keyRoles).toEqual(roles);
  });

  test.each([
    ["no file", undefined],
    ["no key", "keys: [{ name: a, role: writer }]"],
    ["both", `keys: [{ name: a, role: writer, key: ${secret}, sha256: ${sha256(secret)} }]`],
    ["an unknown role", `keys: [{ name: a, role: root, key: ${secret} }]`],
    ["no entry", "keys: []"],
    ["a key where a name belongs", `keys: [{ name: a, role: writer, ${secret}: true }]`],
    ["a key on top", `${secret}: writer`],
    ["a short key", "keys: [{ name: a, role: writer, key: short }]"],
    ["one name twice", `keys: [{ name: a, role: writer, key: ${secret} }, { name: a, role: viewer, key: ${secret}2 }]`],
    ["one key twice", `keys: [{ name: a, role: writer, key: ${secret} }, { name: b, role: viewer, key: ${secret} }]`],
    ["broken YAML", `keys: [{ name: a, role: writer, key: "${secret} }]`],
    ["an alias", `keys: [{ name: a, role: writer, key: *${secret} }]`],
    ["a tag", `keys: [{ name: a, role: writer, key: !${secret} x }]`],
  ])("are refused with %s, and no message quotes them", async (_, content) => {
    const loading = content === undefined ? loadAccessKeys("/nowhere/keys.yaml", {}) : keysOf(content);
    const error: unknown = await loading.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!isHoldfastError(error, "INVALID_CONFIG")) throw new Error("was accepted", { cause: error });
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
      new RegExp(`${secret}|${sha256(secret)}`),
    );
  });

  test.each([["writer"], ["root:a-key-of-some-length"], [`writer:${secret},`], ["writer:short"], [""]])(
    "in the environment as %s are refused without being quoted",
    async (text) => {
      await expect(loadAccessKeys(null, { HOLDFAST_KEYS: text })).rejects.toMatchObject({
        code: "INVALID_CONFIG",
        message: expect.not.stringMatching(/a-key/) as string,
      });
    },
  );

  test("of broken JSON are refused without being quoted", async () => {
    await expect(keysOf(`{ "keys": ${secret} }`, "keys.json")).rejects.toMatchObject({
      message: expect.not.stringContaining("nobody") as string,
    });
  });
});
