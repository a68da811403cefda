import { expect, test } from "vitest";
import { HeartbeatAge } from "../../src/watch/heartbeat-age.js";

/** A clock that stands still until it is told otherwise. */
class ManualClock {
  wall = 1_000_000;
  monotonic = 0;
  now(): number {
    return this.wall;
  }
  elapsed(): number {
    return this.monotonic;
  }
}

test("a first look believes the file's time", () => {
  const clock = new ManualClock();
  expect(new HeartbeatAge(clock, 1000).observe("1", clock.wall - 5000)).toBe(5000);
});

test("a file from the future is just touched, and grows old like any other", () => {
  const clock = new ManualClock();
  const age = new HeartbeatAge(clock, 1000);
  expect(age.observe("1", clock.wall + 3_600_000)).toBe(0);
  clock.monotonic += 800;
  expect(age.observe("1", undefined)).toBe(800);
});

test("the wall clock may jump, and the file's time may lie, once the file was seen to change", () => {
  const clock = new ManualClock();
  const age = new HeartbeatAge(clock, 1000);
  age.observe("1", clock.wall);
  clock.wall += 86_400_000;
  clock.monotonic += 500;
  expect(age.observe("1", undefined)).toBe(500);
  expect(age.observe("2", undefined)).toBe(0);
});

test("time in which nobody looked does not count", () => {
  const clock = new ManualClock();
  const age = new HeartbeatAge(clock, 1000);
  age.observe("1", clock.wall);
  clock.monotonic += 60_000;
  expect(age.observe("1", undefined)).toBe(1000);
});

test("a file that can not be seen goes on growing old", () => {
  const clock = new ManualClock();
  const age = new HeartbeatAge(clock, 1000);
  age.observe("1", clock.wall);
  clock.monotonic += 700;
  expect(age.observe(undefined, undefined)).toBe(700);
});
