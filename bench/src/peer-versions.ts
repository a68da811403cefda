import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findProgram } from "./engines/find-program.js";
import { redisProgram } from "./engines/redis-server.js";

const folder = new URL("../", import.meta.url);

/** Of the packages that the benchmark depends on, and of the servers that are installed. */
export function peerVersions(): Record<string, string> {
  const manifest = manifestAt("package.json") as { readonly dependencies: Readonly<Record<string, string>> };
  const versions: Record<string, string> = {};
  for (const name of Object.keys(manifest.dependencies)) {
    versions[name] = (manifestAt(`node_modules/${name}/package.json`) as { readonly version: string }).version;
  }
  for (const program of [redisProgram, "postgres"]) {
    const path = findProgram(program);
    if (path === undefined) continue;
    const said = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout;
    versions[program] = /\d+(\.\d+)+/.exec(said)?.[0] ?? said.trim();
  }
  return versions;
}

function manifestAt(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8"));
}
