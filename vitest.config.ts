import { defineConfig } from "vitest/config";
import { requirements } from "./test/services/programs.ts";

/** Some tests need a server that npm does not bring. Where it is missing they are left out, aloud; in CI that is a failure. */
const missing = requirements.filter(({ isThere }) => !isThere());
for (const { test, install } of missing)
  process.stderr.write(`Left out: ${test}. To run it too: ${install}\n`);
if (missing.length > 0 && process.env["CI"] !== undefined)
  throw new Error("In CI every test runs: install what is missing");

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...missing.map(({ test }) => test)],
    setupFiles: ["test/setup.ts"],
    testTimeout: 20_000,
    maxWorkers: 2,
  },
});
