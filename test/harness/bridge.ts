import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AccessKey } from "../../lib/huawei/sign.ts";
import { type Simulator, startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../lib/simulator/receiver.ts";
import { run, runOnTerminal, start } from "./cli.ts";

export const secrets = {
  sk: demoKey.sk,
  webhook: `whsec_${Buffer.from("a key that no output shows, ever").toString("base64")}`,
  path: "path-that-is-a-password",
};

const instance = {
  id: "11111111-0000-4000-8000-000000000001",
  engine: "rabbitmq",
  name: "orders",
  projectId: "p1",
} as const;
export const key = `rabbitmq/cn-north-4/p1/${instance.id}`;

export interface CliStage {
  readonly folder: string;
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  /** Starts a task that has the given status now; returns its id. */
  task(name: string, status?: string): string;
  run(...args: readonly string[]): ReturnType<typeof run>;
  start(...args: readonly string[]): ReturnType<typeof start>;
  /** Runs a command on a terminal of so many columns. */
  onTerminal(columns: number, ...args: readonly string[]): ReturnType<typeof runOnTerminal>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  /** A further sink of the configuration. */
  addSink(name: string, options: object): Promise<void>;
}

/** A simulated API with one instance, a webhook, and a folder with a configuration between the two. */
export async function setStage(
  options: Pick<ReceiverOptions, "respond"> & {
    readonly sk?: string;
    readonly delivery?: object;
    /** Further sections of the configuration. */
    readonly sections?: object;
    /** Further variables of the commands. */
    readonly environment?: Readonly<Record<string, string>>;
    /** The only key that the API knows; the environment has none then. */
    readonly agency?: AccessKey;
  } = {},
): Promise<CliStage> {
  const folder = await mkdtemp(join(tmpdir(), "bridge-cli-"));
  const { agency } = options;
  const simulator = await startSimulator({ random: seededRandom(1), ...(agency && { keys: [agency] }) });
  const receiver = await startReceiver({ secret: secrets.webhook, ...options });
  onTestFinished(async () => {
    await simulator.close();
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  });
  simulator.world.addInstance(instance);
  const config = {
    // An invocation that follows an open task lasts a minute.
    polling: { follow: "off" },
    sources: [
      {
        engine: instance.engine,
        region: "cn-north-4",
        endpoint: simulator.url,
        projectId: instance.projectId,
        instances: "all",
        startFrom: "all",
      },
    ],
    delivery: options.delivery ?? {},
    ...options.sections,
    sinks: {
      ops: {
        type: "webhook",
        url: `${receiver.url}/${secrets.path}`,
        secret: secrets.webhook,
        allowPrivateNetwork: true,
        retry: { attemptsPerRun: 1 },
      },
    },
  };
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  const read = (file: string) => readFile(join(folder, file), "utf8");
  await write("bridge.config.json", JSON.stringify(config));
  const where = {
    cwd: folder,
    env: {
      ...options.environment,
      ...(agency ? {} : { HUAWEICLOUD_SDK_AK: demoKey.ak, HUAWEICLOUD_SDK_SK: options.sk ?? demoKey.sk }),
    },
  };
  return {
    folder,
    simulator,
    receiver,
    task: (name, status = "EXECUTING") =>
      simulator.world.start({ instance: instance.id, name, steps: [{ status, afterMs: 0 }] }),
    run: (...args) => run(args, where),
    start: (...args) => start(args, where),
    onTerminal: (columns, ...args) => runOnTerminal(args, columns, where),
    write,
    read,
    addSink: (name, options) => {
      const sinks = { ...config.sinks, [name]: options };
      return write("bridge.config.json", JSON.stringify({ ...config, sinks }));
    },
  };
}
