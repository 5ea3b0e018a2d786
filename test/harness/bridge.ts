import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccessKey } from "../../lib/huawei/sign.ts";
import type { Simulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../lib/simulator/receiver.ts";
import { apiKey, atOnce, instance, openApi, sourceAt, webhookTo } from "./api.ts";
import { type Ended, launch, type Running, type StartOptions } from "./cli.ts";
import { untilEnd } from "./servers.ts";

/** What no output may show. */
export const secrets = {
  sk: demoKey.sk,
  webhook: `whsec_${Buffer.from("a key that no output shows, ever").toString("base64")}`,
  path: "path-that-is-a-password",
};

export interface BridgeOptions extends Pick<ReceiverOptions, "respond"> {
  readonly sk?: string;
  /** More of the only source, such as `startFrom`. */
  readonly source?: object;
  readonly delivery?: object;
  /** Further sections of the configuration. */
  readonly sections?: object;
  /** More of the webhook `ops`. */
  readonly sink?: object;
  /** The configuration's sinks. @default `ops`, a signed webhook */
  readonly sinks?: Readonly<Record<string, unknown>>;
  /** Further variables of the commands. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The only key that the API knows; the environment has none then. */
  readonly agency?: AccessKey;
  /** Told of each request to the API. */
  readonly onRequest?: () => void;
}

/** A folder with a configuration between a simulated API and a receiver, where commands run. */
export interface BridgeFolder {
  readonly folder: string;
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  /** Starts a task that got its only status so long ago; returns its id. */
  task(name?: string, status?: string, ageMs?: number): string;
  run(...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): Running;
  /** Runs a command on a terminal of so many columns. */
  onTerminal(columns: number, ...args: readonly string[]): Promise<Ended>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  /** A further sink of the configuration. */
  addSink(name: string, options: object): Promise<void>;
  close(): Promise<void>;
}

/** Needs no test runner: the caller closes it. */
export async function openBridgeFolder(options: BridgeOptions = {}): Promise<BridgeFolder> {
  const { agency, onRequest = () => {}, respond } = options;
  const folder = await mkdtemp(join(tmpdir(), "bridge-"));
  const simulator = await openApi({ onRequest, ...(agency && { keys: [agency] }) });
  const receiver = await startReceiver({ secret: secrets.webhook, ...(respond && { respond }) });
  const ops = webhookTo(`${receiver.url}/${secrets.path}`, {
    secret: secrets.webhook,
    ...options.sink,
  });
  const config = {
    // An invocation that follows an open task lasts a minute.
    polling: { follow: "off" },
    sources: [sourceAt(simulator, options.source)],
    delivery: options.delivery ?? {},
    ...options.sections,
    sinks: options.sinks ?? { ops },
  };
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  await write("bridge.config.json", JSON.stringify(config));
  const keys = { ...apiKey, ...(options.sk !== undefined && { HUAWEICLOUD_SDK_SK: options.sk }) };
  const where = { cwd: folder, env: { ...options.environment, ...(agency ? {} : keys) } };
  const started: Running[] = [];
  const start = (args: readonly string[], more: StartOptions = {}): Running => {
    const running = launch(args, { ...where, ...more });
    started.push(running);
    return running;
  };
  return {
    folder,
    simulator,
    receiver,
    task: (name = "bindInstancePublicIp", status = "EXECUTING", ageMs = 0) =>
      simulator.world.start({
        instance: instance.id,
        name,
        startMs: Date.now() - ageMs,
        steps: atOnce(status),
      }),
    run: (...args) => start(args).ended,
    start: (...args) => start(args),
    onTerminal: (columns, ...args) => start(args, { columns }).ended,
    write,
    read: (file) => readFile(join(folder, file), "utf8"),
    addSink: (name, sink) =>
      write("bridge.config.json", JSON.stringify({ ...config, sinks: { ...config.sinks, [name]: sink } })),
    close: async () => {
      for (const running of started) running.kill("SIGKILL");
      await simulator.close();
      await receiver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A bridge's folder until the test ends. */
export const bridgeFolder = (options?: BridgeOptions): Promise<BridgeFolder> =>
  untilEnd(openBridgeFolder(options));
