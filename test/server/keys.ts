import { createHash } from "node:crypto";
import type { AccessKey } from "../../src/server/index.js";

/** One key for each role; the key says which. */
export const keyOf = {
  viewer: "a-key-for-viewers-0001",
  detail: "a-key-for-details-0002",
  writer: "a-key-for-writers-0003",
  admin: "a-key-for-the-admin-04",
} as const;
export type KeyedRole = keyof typeof keyOf;

export const keys: readonly AccessKey[] = (Object.keys(keyOf) as KeyedRole[]).map((role) => ({
  name: `the-${role}`,
  role,
  sha256: createHash("sha256").update(keyOf[role]).digest("hex"),
}));

export function bearing(role: KeyedRole): { authorization: string } {
  return { authorization: `Bearer ${keyOf[role]}` };
}
