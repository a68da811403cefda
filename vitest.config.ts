import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real files, real child processes, two shared cores: generous bounds, because no test here asserts a speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", "./test/closing-line-reporter.ts"],
  },
});
