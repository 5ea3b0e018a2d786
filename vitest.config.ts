import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { requirements } from "./test/services/programs.ts";

/** Some tests need a server that npm does not bring. Where it is missing they are left out, aloud; in CI that is a failure. */
const missing = requirements.filter(({ isThere }) => !isThere());
for (const { test, install } of missing)
  process.stderr.write(`Left out: ${test}. To run it too: ${install}\n`);
if (missing.length > 0 && process.env["CI"] !== undefined)
  throw new Error("In CI every test runs: install what is missing");

/** The whole product from outside: its command line, its artifacts, its documentation. */
const e2e = [
  "test/{deploy,e2e,e2e-functiongraph,e2e-image,e2e-lambda,examples}/**/*.test.ts",
  "test/cli/{cli,commands,listen,running,strays}.test.ts",
  "test/cli/commands/*.test.ts",
  "test/docs{,-zh}.test.ts",
];
/** Parts with real servers, real processes, or thousands of simulated runs. */
const integration = [
  "test/{integration,simulation}/**/*.test.ts",
  "test/sinks/brokers/{kafka,mqtt,nats,rabbitmq,redis}{,-hostile}.test.ts",
  "test/sinks/aws/{fauxqs,moto}.test.ts",
  "test/stores/bucket/{moto,versitygw}.test.ts",
  "test/sinks/{email,mail/smtp,mail/smtp-hostile}.test.ts",
  "test/sinks/{contract,http/contract,chat/limits,chat/posting,aws/sink}.test.ts",
  "test/stores/{dynamodb,postgres}/*.test.ts",
  "test/stores/bucket/{obs,simulation}.test.ts",
  "test/{console/server,net/proxy,source/answers,wire/leaving}.test.ts",
  "test/{build/config,build/sbom,ci/audit}.test.ts",
  "test/config/validators.test.ts",
  "test/fleet/{queue-arithmetic,scale}.test.ts",
  "test/opentelemetry/collector.test.ts",
];
const always = ["**/node_modules/**", ...missing.map(({ test }) => test)];

export default defineConfig({
  test: {
    setupFiles: ["test/setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: availableParallelism(),
    coverage: { include: ["lib/**", "functions/**"], reporter: ["text-summary", "html"] },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...always, ...integration, ...e2e],
          // No unit test changes what others see: a worker serves many files.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "integration", include: integration, exclude: always, testTimeout: 60_000 },
      },
      { extends: true, test: { name: "e2e", include: e2e, exclude: always, testTimeout: 60_000 } },
    ],
  },
});
