import { expect, test } from "vitest";
import { HoldfastError } from "../../src/errors.js";
import { ConditionKeeper } from "../../src/store/condition.js";
import { thrownBy } from "../support/rejection.js";

const failures = [
  ["failed", "STORAGE_FAILED"],
  ["fenced", "WRITER_FENCED"],
] as const;

test.each(failures)("a store that is %s stays so, whatever its disk says later", (state, code) => {
  const condition = new ConditionKeeper();
  const heard: string[] = [];
  condition.listen((current) => heard.push(current.state));
  condition.set({ state: "full", error: new HoldfastError("STORAGE_FULL", "The disk is full.") });
  condition.set({ state, error: new HoldfastError(code, "It is over.") });
  condition.set({ state: "open" });
  condition.set({ state: "full", error: new HoldfastError("STORAGE_FULL", "The disk is full.") });
  expect(heard).toEqual(["full", state]);
  expect(
    thrownBy(() => {
      condition.assertWritable();
    }).code,
  ).toBe(code);
  condition.assertReadable();
  condition.set({ state: "closed" });
  expect(heard).toEqual(["full", state, "closed"]);
});
