import path from "node:path";
import { defineConfig } from "vitest/config";

/** The tests that hold the pure parts and the run: fast enough to be run against each mutant. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, "../.."),
  test: {
    include: ["test/{change,checkpoint,delivery}/*.test.ts", "test/*.test.ts"],
    exclude: [
      "test/{architecture,docs,ip,retry-after}.test.ts",
      "test/checkpoint/{dynamodb,stores}.test.ts",
      "test/delivery/dead-letters-dynamodb.test.ts",
    ],
    testTimeout: 5_000,
  },
});
