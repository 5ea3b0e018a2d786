import { streamKey } from "../../lib/core/names.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../lib/simulator/receiver.ts";
import type { NewInstance } from "../../lib/simulator/world.ts";
import { untilEnd } from "./servers.ts";

/** The instance that a test has where it needs only one, and its stream's key. */
export const instance = {
  id: "11111111-0000-4000-8000-000000000001",
  engine: "rabbitmq",
  name: "orders",
  projectId: "p1",
} as const;
export const key = streamKey({
  engine: instance.engine,
  region: "cn-north-4",
  projectId: instance.projectId,
  instanceId: instance.id,
});

/** Instances of these ids, of RabbitMQ, but k is of Kafka. */
export const instancesOf = (...ids: readonly string[]): readonly NewInstance[] =>
  ids.map((id) => ({ id, engine: id === "k" ? "kafka" : "rabbitmq", name: id, projectId: "p1" }));

/** The environment of a command line that reads the simulated API. */
export const apiKey = { HUAWEICLOUD_SDK_AK: demoKey.ak, HUAWEICLOUD_SDK_SK: demoKey.sk };

export interface ApiOptions extends Partial<SimulatorOptions> {
  /** @default [instance] */
  readonly instances?: readonly NewInstance[];
}

/** The simulated API with its instances. Needs no test runner. */
export async function openApi({
  instances = [instance],
  random = seededRandom(1),
  ...options
}: ApiOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ random, ...options });
  for (const each of instances) simulator.world.addInstance(each);
  return simulator;
}

/** The simulated API until the test ends. */
export const startApi = (options?: ApiOptions): Promise<Simulator> => untilEnd(openApi(options));

/** A receiver of events until the test ends. */
export const receiving = (options?: ReceiverOptions): Promise<Receiver> => untilEnd(startReceiver(options));

/** A task's steps: these statuses, all at once. */
export const atOnce = (...statuses: readonly string[]) => statuses.map((status) => ({ status, afterMs: 0 }));

/** The configuration of a source that reads the simulated API, and tells of what is there already. */
export const sourceAt = ({ url }: Pick<Simulator, "url">, more: object = {}) => ({
  engine: instance.engine,
  region: "cn-north-4",
  endpoint: url,
  projectId: instance.projectId,
  instances: "all",
  startFrom: "all",
  ...more,
});

/** A webhook's configuration, with one attempt a run. */
export const webhookTo = (url: string, more: object = {}) => ({
  type: "webhook",
  url,
  allowPrivateNetwork: true,
  retry: { attemptsPerRun: 1 },
  ...more,
});
