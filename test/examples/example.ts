import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { apiKey, atOnce, instance, startApi } from "../harness/api.ts";
import { run } from "../harness/cli.ts";

export interface ExampleOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Of the sink, beside what the example says: what only a test on loopback needs. */
  readonly sink?: string;
}

/** An example's own configuration before a simulated API, in a folder of its own. */
export async function exampleHarness(name: string, { environment, sink = "" }: ExampleOptions) {
  const folder = await mkdtemp(join(tmpdir(), "bridge-example-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const simulator = await startApi();
  const written = await readFile(
    new URL(`../../examples/${name}/bridge.config.yaml`, import.meta.url),
    "utf8",
  );
  const local = written
    .replace("    region: cn-north-4", `    region: cn-north-4\n    endpoint: ${simulator.url}`)
    .replace(/\n {4}type: \w+\n/, (type) => `${type}${sink}`);
  await writeFile(join(folder, "bridge.config.yaml"), local);
  const env = {
    ...apiKey,
    HUAWEICLOUD_SDK_PROJECT_ID: instance.projectId,
    ...environment,
  };
  const cli = (...args: readonly string[]) => run(args, { cwd: folder, env });
  return {
    cli,
    /** Starts a task that gets these statuses at once; returns its id. */
    task: (task: string, ...statuses: readonly string[]) =>
      simulator.world.start({ instance: instance.id, name: task, steps: atOnce(...statuses) }),
    /** One run; what it says of the only sink. */
    poll: async (): Promise<unknown> => {
      const { out } = await cli("poll", "--json");
      const { sinks } = JSON.parse(out) as { readonly sinks: Readonly<Record<string, unknown>> };
      return Object.values(sinks)[0];
    },
    /** Forgets what was delivered, so that the next run tells everything again. */
    forget: () => cli("checkpoint", "reset", "--yes"),
  };
}

export const onLoopback = "    allowPrivateNetwork: true\n";
