import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Simulator, startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { type Ended, runCli, startCli } from "./cli.ts";

export const instance = {
  id: "11111111-0000-4000-8000-000000000001",
  engine: "rabbitmq",
  name: "orders",
  projectId: "p1",
} as const;
export const webhookSecret = `whsec_${Buffer.from("a key that no output may show, ever").toString("base64")}`;

export interface StageOptions {
  /** As the configuration has them. */
  readonly sinks: Readonly<Record<string, unknown>>;
  /** More of the only source, such as `startFrom`. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly delivery?: Readonly<Record<string, unknown>>;
  /** An embedded store in the stage's folder where left out. */
  readonly checkpoint?: Readonly<Record<string, unknown>> | undefined;
  /** Of the command line, beside PATH. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Told of each request to the API. */
  readonly onRequest?: () => void;
}

export interface Stage {
  readonly folder: string;
  readonly simulator: Simulator;
  /** Starts a task that got its only status so long ago; returns its id. */
  task(status: string, ageMs?: number): string;
  run(...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): ReturnType<typeof startCli>;
  close(): Promise<void>;
}

/** A simulated API on real time with one instance, and a folder with the bridge's `c.json` and its store. */
export async function openStage({
  sinks,
  source = {},
  delivery = {},
  checkpoint = { type: "file", path: "state" },
  environment = {},
  onRequest = () => {},
}: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "bridge-e2e-"));
  const simulator = await startSimulator({ random: seededRandom(1), onRequest });
  simulator.world.addInstance(instance);
  const config = {
    sources: [
      {
        engine: instance.engine,
        region: "cn-north-4",
        endpoint: simulator.url,
        projectId: instance.projectId,
        instances: [instance.id],
        credentials: demoKey,
        startFrom: "all",
        ...source,
      },
    ],
    checkpoint,
    delivery,
    sinks,
  };
  await writeFile(join(folder, "c.json"), JSON.stringify(config));
  const withConfig = (args: readonly string[]) => [...args, "--config", "c.json"];
  return {
    folder,
    simulator,
    task: (status, ageMs = 0) =>
      simulator.world.start({
        instance: instance.id,
        name: "bindInstancePublicIp",
        startMs: Date.now() - ageMs,
        steps: [{ status, afterMs: 0 }],
      }),
    run: (...args) => runCli(withConfig(args), folder, environment),
    start: (...args) => startCli(withConfig(args), folder, environment),
    close: async () => {
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A webhook's configuration, with nothing random between its attempts. */
export const webhook = (url: string, more: Readonly<Record<string, unknown>> = {}) => ({
  type: "webhook",
  url,
  secret: webhookSecret,
  allowPrivateNetwork: true,
  retry: { attemptsPerRun: 1, initialDelay: "1ms", maxDelay: "1ms" },
  ...more,
});
