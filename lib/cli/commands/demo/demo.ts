import { stampMs } from "../../../change/task.ts";
import { playForever, playScenario } from "../../../simulator/scenario.ts";
import type { World } from "../../../simulator/world.ts";
import { parseTaskPage } from "../../../source/parse.ts";
import type { Bridge } from "../../../wire/bridge.ts";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../errors.ts";
import { count } from "../../screen/format.ts";
import { streamErrorReporter } from "../../screen/stream-errors.ts";
import { type Arrival, checkArrivals, isExact } from "./check.ts";
import { type DemoParts, onStage } from "./parts.ts";
import { type DemoView, openView, showResult } from "./view.ts";

const pollEveryMs = 300;
const lookEveryMs = 50;
/** Wait after the last change for late and for unexpected events, milliseconds. */
const lateMs = 3_000;
const quietMs = 700;

/**
 * Shows changing tasks in a simulated DMS and the events that arrive at a webhook, over real HTTP. With `once`,
 * plays one scenario and exits 0 only if every change arrived exactly as it should.
 */
export async function demo(context: Context, once: boolean): Promise<ExitCode> {
  const view = context.json ? null : openView(context);
  const arrivals: Arrival[] = [];
  // Set once the world exists; each arrival checks it first, so that a change is never shown after its event.
  let look = (): void => {};
  return onStage(
    context,
    ({ events, receivedAtMs, verified }) => {
      for (const event of events) {
        const arrival = { event, verified: verified === true, atMs: receivedAtMs };
        arrivals.push(arrival);
        look();
        if (view) view.arrived(arrival);
        else if (!once) context.screen.out.json(event);
      }
    },
    async (stage) => {
      view?.introduce(stage.simulator.url, stage.receiver.url);
      if (view) look = changeReporter(stage.simulator.world, view, context.clock.now());
      const looking = setInterval(look, lookEveryMs);
      try {
        return await (once ? playOnce(context, stage, arrivals) : playOn(context, stage, arrivals));
      } finally {
        clearInterval(looking);
      }
    },
  );
}

async function playOnce(context: Context, stage: DemoParts, arrivals: readonly Arrival[]): Promise<ExitCode> {
  const { clock, screen, stop } = context;
  const { simulator, bridge } = stage;
  const startedMs = clock.now();
  const { changes, durationMs } = playScenario(simulator.world, context);
  const endsAtMs = startedMs + durationMs;
  await pollUntil(context, bridge, () => {
    const isComplete = checkArrivals(changes, arrivals).lost.length === 0;
    return clock.now() > endsAtMs + (isComplete ? quietMs : lateMs);
  });
  if (stop.aborted) return 1;
  const result = checkArrivals(changes, arrivals);
  const effort = { apiRequests: simulator.requestCount(), commits: await commitsOf(bridge) };
  if (context.json) screen.out.json({ ok: isExact(result), ...result, ...effort });
  else showResult(screen.out, result, effort);
  return isExact(result) ? 0 : 1;
}

async function playOn(context: Context, stage: DemoParts, arrivals: readonly Arrival[]): Promise<ExitCode> {
  const { clock, random, screen, stop } = context;
  const over = new AbortController();
  const playing = playForever(stage.simulator.world, {
    clock,
    random,
    signal: AbortSignal.any([stop, over.signal]),
  });
  try {
    await pollUntil(context, stage.bridge, () => false);
  } finally {
    over.abort();
    await playing;
  }
  if (!context.json) screen.out.line(`${count(arrivals.length, "event")} arrived.`);
  return 0;
}

async function pollUntil(context: Context, bridge: Bridge, isOver: () => boolean): Promise<void> {
  const { clock, stop } = context;
  const reportStreamErrors = streamErrorReporter(context);
  while (!stop.aborted && !isOver()) {
    const nextMs = clock.now() + pollEveryMs;
    const summary = await bridge.run(stop);
    if (!stop.aborted) reportStreamErrors(summary);
    await clock.sleep(Math.max(0, nextMs - clock.now()), stop);
  }
}

/** Watches the simulated world directly, so that a change shows even when the bridge misses it. */
function changeReporter(world: World, view: DemoView, openedAtMs: number): () => void {
  const statuses = new Map<string, string>();
  return () => {
    for (const instance of world.instances()) {
      const records = world.rows(instance.id).map((row) => row.read());
      const page = parseTaskPage({ tasks: records });
      for (const task of "tasks" in page ? page.tasks : []) {
        const from = statuses.get(task.id) ?? null;
        if (from === task.status) continue;
        statuses.set(task.id, task.status);
        if (stampMs(task) >= openedAtMs) view.changed({ instance: instance.name, task, from });
      }
    }
  };
}

/** A record's version grows by one with each commit. */
async function commitsOf({ checkpoints }: Bridge): Promise<number> {
  const keys = await checkpoints.list();
  const records = await Promise.all(keys.map((key) => checkpoints.load(key)));
  return records.reduce((sum, stored) => sum + (stored?.version ?? 0), 0);
}
