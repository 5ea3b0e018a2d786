import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { node22, node22Version } from "./node22.ts";

/** What must be on the machine for a test file to run, and how it comes there. */
export interface Requirement {
  readonly test: string;
  readonly install: string;
  readonly isThere: () => boolean;
}

/** Where a program is; null when it is nowhere. Servers often stand in folders that PATH leaves out. */
export function findProgram(name: string): string | null {
  if (isAbsolute(name)) return isExecutable(name) ? name : null;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where Kafka's jars are once `mvn` has fetched them. */
export const kafkaJars = fileURLToPath(new URL("kafka/target/jars", import.meta.url));

/** Where moto's server is once `pip` has installed it. */
export const motoProgram = fileURLToPath(new URL("moto/target/venv/bin/moto_server", import.meta.url));

/** AWS's own judge of CloudFormation templates, beside it. */
export const cfnLint = fileURLToPath(new URL("moto/target/venv/bin/cfn-lint", import.meta.url));

/** Judges of JSON Schema, beside them too: this one by name, and in its Python. */
const jsonschema = fileURLToPath(new URL("moto/target/venv/bin/jsonschema", import.meta.url));
export const venvPython = fileURLToPath(new URL("moto/target/venv/bin/python", import.meta.url));
/** Where versitygw is once `go` has built it. */
export const versitygwProgram = fileURLToPath(new URL("versitygw/target/versitygw", import.meta.url));

/** An OpenTelemetry Collector, once `go` has built it. */
export const otelcolProgram = fileURLToPath(new URL("otelcol/target/otelcol", import.meta.url));

/** Judges of deploy/, beside them as well; the Python above has python-hcl2 and kubernetes-validate. */
export const hadolint = fileURLToPath(new URL("moto/target/venv/bin/hadolint", import.meta.url));
export const kubernetesValidate = fileURLToPath(
  new URL("moto/target/venv/bin/kubernetes-validate", import.meta.url),
);

const venv = "test/services/moto/target/venv";

/** Debian keeps each version's server programs in a folder of its own, and leaves them out of PATH. */
export function postgresProgram(name: string): string {
  const home = "/usr/lib/postgresql";
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(b) - Number(a)) : [];
  return findProgram(versions[0] === undefined ? name : join(home, versions[0], "bin", name)) ?? name;
}

const server = (test: string, program: string, debianPackage: string): Requirement => ({
  test,
  install: `apt-get install ${debianPackage}`,
  isThere: () => findProgram(program) !== null,
});

const inVenv = (test: string, program: string): Requirement => ({
  test,
  install: `python3 -m venv ${venv} && ${venv}/bin/pip install -r test/services/moto/requirements.txt (needs Python 3.11)`,
  isThere: () => findProgram(program) !== null,
});

/** Under AWS's own runtime client. */
const onRuntime = (test: string): Requirement => ({
  test,
  install: "npm ci --prefix test/e2e-lambda (needs cmake, g++ and make)",
  isThere: () => existsSync(new URL("../e2e-lambda/node_modules", import.meta.url)),
});

export const requirements: readonly Requirement[] = [
  server("test/sinks/brokers/rabbitmq{,-hostile}.test.ts", "rabbitmq-server", "rabbitmq-server"),
  server("test/sinks/brokers/redis{,-hostile}.test.ts", "redis-server", "redis-server"),
  server("test/sinks/brokers/nats{,-hostile}.test.ts", "nats-server", "nats-server"),
  server("test/sinks/brokers/mqtt{,-hostile}.test.ts", "mosquitto", "mosquitto"),
  {
    test: "test/sinks/brokers/kafka{,-hostile}.test.ts",
    install: "mvn -f test/services/kafka/pom.xml clean package (needs Java 17 and Maven)",
    isThere: () => existsSync(kafkaJars) && findProgram("java") !== null,
  },
  server("test/{stores,e2e,e2e-functiongraph}/postgres/*.test.ts", postgresProgram("postgres"), "postgresql"),
  {
    test: "test/e2e/package/package.test.ts",
    install: `npm install --prefix test/services/node22/target node@${node22Version}`,
    isThere: () => existsSync(node22),
  },
  {
    test: "test/e2e/console/*.test.ts",
    install: "apt-get install chromium",
    isThere: () =>
      ["chromium", "chromium-browser", "google-chrome"].some((name) => findProgram(name) !== null),
  },
  server("test/e2e-image/image.test.ts", "buildah", "buildah"),
  inVenv("test/deploy/containerfile.test.ts", hadolint),
  inVenv("test/deploy/kubernetes.test.ts", kubernetesValidate),
  inVenv("test/deploy/{terraform,provider-schemas}.test.ts", kubernetesValidate),
  server("test/deploy/systemd.test.ts", "systemd-analyze", "systemd"),
  server("test/cli/commands/shells.test.ts", "zsh", "zsh"),
  server("test/cli/commands/shells.test.ts", "fish", "fish"),
  inVenv("test/sinks/aws/moto.test.ts", motoProgram),
  inVenv("test/stores/bucket/moto.test.ts", motoProgram),
  {
    test: "test/{stores/bucket/versitygw,e2e/bucket/kill}.test.ts",
    install:
      "GOBIN=$PWD/test/services/versitygw/target go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 (needs Go 1.21 or later)",
    isThere: () => findProgram(versitygwProgram) !== null,
  },
  {
    test: "test/opentelemetry/collector.test.ts",
    install: "go build -C test/services/otelcol -o target/otelcol . (needs Go 1.21 or later)",
    isThere: () => findProgram(otelcolProgram) !== null,
  },
  server("test/deploy/prometheus.test.ts", "promtool", "prometheus"),
  inVenv("test/e2e-lambda/lint.test.ts", cfnLint),
  inVenv("test/config/validators.test.ts", jsonschema),
  onRuntime("test/e2e-lambda/poll.test.ts"),
  onRuntime("test/e2e-lambda/fleet.test.ts"),
];
