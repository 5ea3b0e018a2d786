import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Compiled where it is installed, so not everywhere there; in CI its want is a failure. */
const runtimeClient = new URL("test/e2e-lambda/node_modules/aws-lambda-ric/package.json", import.meta.url);
const runsLambda = process.env["CI"] !== undefined || existsSync(runtimeClient);
if (!runsLambda) {
  process.stderr.write(
    "Left out: test/e2e-lambda/poll.test.ts. To run it too: npm ci --prefix test/e2e-lambda (needs cmake, g++ and make)\n",
  );
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(runsLambda ? [] : ["test/e2e-lambda/poll.test.ts"])],
    setupFiles: ["test/setup.ts"],
    testTimeout: 20_000,
    maxWorkers: 2,
  },
});
