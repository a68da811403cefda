import { randomBytes } from "node:crypto";

/**
 * Names of files that are not there yet. They end in `.tmp` behind twelve random hex digits, a form that no document,
 * segment or claim can have, so that recovery can sweep them without knowing whose they were.
 */
const pattern = /\.[0-9a-f]{12}\.tmp$/;

export function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return pattern.test(name);
}
