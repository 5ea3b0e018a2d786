import path from "node:path";
import { defineConfig } from "vitest/config";

/** The tests that hold the pure parts and the run: fast enough to be run against each mutant. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, "../.."),
  test: {
    include: [
      "test/{change,checkpoint,delivery,filter,run}/*.test.ts",
      "test/source/{join,paging}.test.ts",
      "test/stores/{memory,dead-letters}.test.ts",
    ],
    testTimeout: 5_000,
  },
});
