import { describe, expect, test } from "vitest";
import { RecentlySeen } from "../../src/packs/recently-seen.js";

describe("names that were seen", () => {
  test("are told from those that were not, whatever their sign, and 0", () => {
    const seen = new RecentlySeen(64);
    const names = [0, 5, 6, -7, 0xffff_fff0];
    for (const name of names) expect(seen.see(name)).toBe(false);
    for (const name of names) expect(seen.see(name)).toBe(true);
    expect(seen.see(8)).toBe(false);
  });

  test("are forgotten when others take their places", () => {
    const seen = new RecentlySeen(64);
    seen.see(3);
    expect(seen.see(3 + 64)).toBe(false);
    expect(seen.see(3)).toBe(false);
    for (let name = 100; name < 164; name += 1) seen.see(name);
    expect(seen.see(3)).toBe(false);
  });

  test("fit into a room for one", () => {
    const seen = new RecentlySeen(0.2);
    expect(seen.see(1)).toBe(false);
    expect(seen.see(1)).toBe(true);
    expect(seen.see(2)).toBe(false);
    expect(seen.see(1)).toBe(false);
  });
});
