import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../lib/core/clock.ts";
import { type StreamKey, streamKey } from "../../lib/core/names.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import type { Delivery } from "../../lib/simulator/receiver.ts";
import { instance } from "../harness/api.ts";
import { type BridgeFolder, openBridgeFolder } from "../harness/bridge.ts";
import { type KillStore, killedFolder } from "./kill-store.ts";
import { type Acceptance, findings } from "./kill-verdict.ts";
import { changeTasks } from "./kill-world.ts";

/** Rejects never: what it waits for may not come in this life of the process. */
type Wait = (traffic: EventEmitter, random: Random) => Promise<unknown>;

/** A delivery may have to wait for the fence of a killed run first. */
const patienceMs = 20_000;

const rightAfter =
  (name: string): Wait =>
  async (traffic, random) => {
    await once(traffic, name, { signal: AbortSignal.timeout(patienceMs) }).catch(ignoreAbort);
    await sleep(random() * 20);
  };

/** When a process is killed, counted from its start. */
const moments = [
  ["150 to 900 ms after its start", (_, random) => sleep(150 + random() * 750)],
  ["right after a request to the API", rightAfter("request")],
  ["right after a delivery", rightAfter("delivery")],
] as const satisfies readonly (readonly [string, Wait])[];

/** What a run of kills came to. */
export interface KillReport {
  /** Kills by the moment that was chosen. */
  readonly kills: ReadonlyMap<string, number>;
  readonly tasks: number;
  /** Changes that a killed process had made durable. */
  readonly seen: number;
  readonly accepted: number;
  readonly repeats: number;
  readonly refused: number;
  readonly findings: readonly string[];
}

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** The embedded one where left out. */
  readonly store?: KillStore;
  readonly onKill?: (count: number) => void;
}

const stream: StreamKey = streamKey({
  engine: instance.engine,
  region: "cn-north-4",
  projectId: instance.projectId,
  instanceId: instance.id,
});

/** Kills `watch` again and again while tasks change and a receiver now and then refuses, then lets it catch up. */
export async function killRun({ kills, seed, store, onKill }: KillOptions): Promise<KillReport> {
  const random = seededRandom(seed);
  const refusals = seededRandom(seed + 1);
  const accepted: Acceptance[] = [];
  let refused = 0;
  const traffic = new EventEmitter();
  const respond = (_: number, { events, body }: Delivery) => {
    traffic.emit("delivery");
    if (refusals() < 0.05) {
      refused += 1;
      return { status: 503 };
    }
    accepted.push(...events.map((event) => ({ event, body })));
    return { status: 204 };
  };
  const bridge = await openBridgeFolder({
    respond,
    source: { instances: [instance.id] },
    sink: { retry: { attemptsPerRun: 1, initialDelay: "1ms", maxDelay: "1ms" } },
    // A process that lives a second delivers little; nothing may be given up for that.
    delivery: { timeBudget: "2s", maxBacklog: 1_000_000 },
    sections: { checkpoint: store?.checkpoint ?? { type: "file", path: "state" } },
    environment: store?.environment,
    onRequest: () => traffic.emit("request"),
  });
  const { changes } = store ?? killedFolder(join(bridge.folder, "state"));
  const tasks = changeTasks(bridge.simulator.world, seededRandom(seed + 2));
  try {
    const seen = new Set<string>();
    const chosen = new Map<string, number>();
    for (let count = 1; count <= kills; count++) {
      const [moment, wait] = moments[count % moments.length] ?? moments[0];
      await killOnce(bridge, () => wait(traffic, random));
      chosen.set(moment, (chosen.get(moment) ?? 0) + 1);
      for (const change of await changes(stream)) seen.add(change);
      onKill?.(count);
    }
    tasks.finish();
    await catchUp(bridge);
    const { out } = await bridge.run("dead-letters", "list", "--json");
    const { deadLetters }: { deadLetters: readonly { readonly id: string }[] } = JSON.parse(out);
    const ids = new Set(accepted.map(({ event }) => event.id));
    return {
      kills: chosen,
      tasks: tasks.given.size,
      seen: seen.size,
      accepted: accepted.length,
      repeats: accepted.length - ids.size,
      refused,
      findings: [
        ...findings({ accepted, given: tasks.given, seen }),
        ...deadLetters.map(({ id }) => `given up: ${id}`),
      ],
    };
  } finally {
    tasks.finish();
    await bridge.close();
  }
}

const watchArguments = ["watch", "--interval", "200ms", "--json"] as const;

async function killOnce(bridge: BridgeFolder, moment: () => Promise<unknown>): Promise<void> {
  const watching = bridge.start(...watchArguments);
  await moment();
  watching.kill("SIGKILL");
  const { code, err } = await watching.ended;
  if (code !== null) throw new Error(`watch ended by itself with ${code}: ${err}`);
}

const ignoreAbort = (error: unknown): void => {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
};

/** Lets `watch` run until a run of it finds no change and owes nothing. */
async function catchUp(bridge: BridgeFolder): Promise<void> {
  const watching = bridge.start(...watchArguments);
  await Promise.race([watching.said("out", isSettled), watching.ended]);
  watching.kill("SIGTERM");
  const { code } = await watching.ended;
  if (code !== 143) throw new Error(`watch ended with ${code} on SIGTERM`);
}

/** Whether the newest of some summaries, one a line, tells of nothing more to do. */
function isSettled(summaries: string): boolean {
  const line = summaries.split("\n").at(-2);
  if (line === undefined) return false;
  const { streams, sinks }: RunSummary = JSON.parse(line);
  const isIdle = streams.every(({ changes, error }) => changes === 0 && error === null);
  return isIdle && Object.values(sinks).every(({ pending }) => pending === 0);
}
