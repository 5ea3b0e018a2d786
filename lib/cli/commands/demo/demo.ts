import { stampMs } from "../../../change/task.ts";
import type { RunSummary, SinkSummary } from "../../../run/summary.ts";
import { playForever, playScenario } from "../../../simulator/scenario.ts";
import type { World } from "../../../simulator/world.ts";
import { parseTaskPage } from "../../../source/parse.ts";
import type { Bridge } from "../../../wire/bridge.ts";
import type { Context } from "../../context.ts";
import { type DestinationOptions, destinationOf, loadDestination, type UrlSink } from "../../destination.ts";
import { type ExitCode, usageError } from "../../errors.ts";
import { count } from "../../screen/format.ts";
import { streamErrorReporter } from "../../screen/stream-errors.ts";
import { type Arrival, checkArrivals, isExact } from "./check.ts";
import { type DemoParts, withDemo } from "./parts.ts";
import { type DemoView, openView, showResult } from "./view.ts";

const pollEveryMs = 300;
const lookEveryMs = 50;
/** Wait after the last change for late and for unexpected events, milliseconds. */
const lateMs = 10_000;
const quietMs = 700;
/** Wait for a place on the network. */
const farMs = 15_000;

/** Another destination for the events. */
export type PlaceOptions = Partial<DestinationOptions>;

/** Options of `demo`. */
export interface DemoOptions extends PlaceOptions {
  readonly once?: true;
}

/** Deliveries to the destination that was named beside the receiver. */
interface SentToUrl {
  accepted: number;
  pending: number;
  problem: string | null;
}

/** A demonstration under way. */
interface Play extends DemoParts {
  readonly arrivals: readonly Arrival[];
  readonly sent: SentToUrl | null;
  follow(summary: RunSummary): void;
}

/**
 * Shows changing tasks in a simulated DMS and the events that arrive at a webhook, over real HTTP. With `once`,
 * plays one scenario and exits 0 only if every change arrived exactly as it should.
 */
export async function demo(context: Context, options: DemoOptions): Promise<ExitCode> {
  const { once } = options;
  const destination = await placeOf(context, options);
  const sent: SentToUrl | null = destination && { accepted: 0, pending: 0, problem: null };
  const view = context.json ? null : openView(context);
  const arrivals: Arrival[] = [];
  // Set once the world exists; each arrival checks it first, so that a change is never shown after its event.
  let look = (): void => {};
  return withDemo(
    context,
    {
      destination,
      onDelivery: ({ events, receivedAtMs, verified }) => {
        for (const event of events) {
          const arrival = { event, verified: verified === true, atMs: receivedAtMs };
          arrivals.push(arrival);
          look();
          if (view) view.arrived(arrival);
          else if (!once) context.screen.out.json(event);
        }
      },
    },
    async (parts) => {
      view?.introduce(parts.simulator.url, parts.receiver.url);
      if (view) look = changeReporter(parts.simulator.world, view, context.clock.now());
      const looking = setInterval(look, lookEveryMs);
      try {
        const follow = (summary: RunSummary) => sent && note(sent, summary.sinks[destination?.name ?? ""]);
        return await (once ? playOnce : playOn)(context, { ...parts, arrivals, sent, follow });
      } finally {
        clearInterval(looking);
      }
    },
  );
}

/** The sink for `--to`; null without it. @throws ConfigError, also for `--type` or `--secret` alone */
export async function placeOf(context: Context, { to, ...how }: PlaceOptions): Promise<UrlSink | null> {
  if (to === undefined) {
    if (how.type ?? how.secret)
      throw usageError("--to", "the place that --type and --secret are for", undefined);
    return null;
  }
  const destination = destinationOf(context, { to, ...how });
  await loadDestination(destination, context);
  return destination;
}

async function playOnce(context: Context, play: Play): Promise<ExitCode> {
  const { clock, screen, stop } = context;
  const { simulator, bridge, arrivals, sent } = play;
  const startedMs = clock.now();
  const { changes, durationMs } = playScenario(simulator.world, context);
  const endsAtMs = startedMs + durationMs;
  await pollUntil(context, play, () => {
    const isComplete = checkArrivals(changes, arrivals).lost.length === 0 && !sent?.pending;
    return clock.now() > endsAtMs + (isComplete ? quietMs : sent ? farMs : lateMs);
  });
  if (stop.aborted) return 1;
  const result = checkArrivals(changes, arrivals);
  const effort = { apiRequests: simulator.requestCount(), commits: await commitsOf(bridge) };
  if (context.json) screen.out.json({ ok: isExact(result), ...result, ...effort, ...(sent && { sent }) });
  else showResult(screen.out, result, effort);
  showSent(context, sent);
  return isExact(result) && !sent?.pending ? 0 : 1;
}

/** Counts what the further place took in one run. */
function note(sent: SentToUrl, sink: SinkSummary | undefined): void {
  sent.accepted += sink?.accepted ?? 0;
  sent.pending = sink?.pending ?? 0;
  sent.problem = sink?.message ?? null;
}

function showSent({ screen, json }: Context, sent: SentToUrl | null): void {
  if (sent === null || json) return;
  const waiting = sent.pending > 0 ? `, ${count(sent.pending, "event")} not taken` : "";
  const why = sent.problem === null ? "." : `. Why: ${sent.problem}`;
  screen.out.line(`Delivered to --to: ${count(sent.accepted, "event")}${waiting}${why}`);
}

async function playOn(context: Context, play: Play): Promise<ExitCode> {
  const { clock, random, screen, stop } = context;
  const over = new AbortController();
  const playing = playForever(play.simulator.world, {
    clock,
    random,
    signal: AbortSignal.any([stop, over.signal]),
  });
  try {
    await pollUntil(context, play, () => false);
  } finally {
    over.abort();
    await playing;
  }
  if (!context.json) screen.out.line(`${count(play.arrivals.length, "event")} arrived.`);
  showSent(context, play.sent);
  return 0;
}

/** Polls every 300 ms. */
export async function pollUntil(
  context: Context,
  { bridge, follow }: Pick<Play, "bridge" | "follow">,
  isOver: () => boolean,
): Promise<void> {
  const { clock, stop } = context;
  const reportStreamErrors = streamErrorReporter(context);
  while (!stop.aborted && !isOver()) {
    const nextMs = clock.now() + pollEveryMs;
    const summary = await bridge.run(stop);
    follow(summary);
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
