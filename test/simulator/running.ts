import { request } from "undici";
import { onTestFinished } from "vitest";
import { type SimulatorOptions, startSimulator } from "../../lib/simulator/api.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { manualClock } from "../harness/clock.ts";

export const startMs = Date.parse("2024-08-07T12:00:00.250Z");
export const tasksPath = "/v2/project/instances/rabbit/tasks";

/** The given statuses, a second apart. */
export const steps = (...statuses: readonly string[]) =>
  statuses.map((status, index) => ({ status, afterMs: index * 1_000 }));

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A simulator whose clock stands still, with one RabbitMQ and one DCS instance; closed when the test is over. */
export async function running(options: Partial<SimulatorOptions> = {}) {
  const clock = manualClock(startMs);
  const simulator = await startSimulator({ random: seededRandom(7), clock, auth: "none", ...options });
  onTestFinished(() => simulator.close());
  const { world } = simulator;
  world.addInstance({ id: "rabbit", name: "orders", engine: "rabbitmq", projectId: "project" });
  world.addInstance({ id: "redis", name: "cache", engine: "dcs", projectId: "project" });

  async function get(target: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
    const answer = await request(`${simulator.url}${target}`, { headers });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  /** Starts so many tasks, a second apart; their ids, newest first. */
  async function startTasks(count: number, status = "CREATED"): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) {
      ids.unshift(world.start({ instance: "rabbit", name: `task-${index}`, steps: steps(status) }));
      await clock.advance(1_000);
    }
    return ids;
  }

  const list = async (query = "", path = tasksPath) => pageIn(await get(`${path}?${query}`));
  return { ...simulator, clock, get, list, startTasks };
}

interface WirePage {
  readonly task_count: unknown;
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly ids: readonly unknown[];
}

function pageIn({ status, text }: Got): WirePage {
  if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
  const page: Omit<WirePage, "ids"> = JSON.parse(text);
  return { ...page, ids: page.tasks.map(({ id }) => id) };
}

export const codeIn = ({ status, text }: Got): readonly unknown[] => [status, JSON.parse(text).error_code];
