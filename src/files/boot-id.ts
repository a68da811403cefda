import { readFileSync } from "node:fs";

/**
 * Names this boot of this kernel: the same in all containers of one machine, another after each restart of it.
 *
 * @returns `undefined` where the system does not tell.
 */
export function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Not Linux, or /proc is not mounted. Whoever asks then relies on heartbeats, which holds everywhere.
    return undefined;
  }
}
