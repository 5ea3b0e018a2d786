import { type CloudEvent, toEvent } from "../change/event.ts";
import { stampMs } from "../change/task.ts";
import { parkedFor } from "../checkpoint/parked.ts";
import type { Clock } from "../core/clock.ts";
import { type PartError, StoreError } from "../core/errors.ts";
import { type EventId, type SinkName, type StreamKey, streamKey } from "../core/names.ts";
import { type ReplayEvent, type Replayed, replay } from "../delivery/replay.ts";
import { isTaskNamed } from "../journal/journal.ts";
import type { StreamPlan } from "../run/plan.ts";
import type { Discovery } from "../source/discovery.ts";
import type { Stores } from "../stores/stores.ts";
import { partError } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import type { JournalLosses } from "./journal-upkeep.ts";
import { allListings } from "./served.ts";
import type { SinkPipeline } from "./sink-pipeline.ts";
import type { StreamPlans } from "./stream-plan.ts";

/** Which events to replay. */
export interface ReplayRequest {
  readonly sink: SinkName;
  /** Epoch milliseconds, both included: of the events' commits, or of the tasks' creation when they are rebuilt. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** A task's id, its beginning or its end. @default every task */
  readonly task?: string | undefined;
}

/** Events of a replay. */
export interface ReplayPlan {
  /** Origin of the events; `api` when the journal has none and they are rebuilt from the tasks. */
  readonly from: "journal" | "api";
  /** When the journal's first event was written, where that is after the begin of the period; epoch milliseconds. */
  readonly journalBeginsMs: number | null;
  readonly events: readonly ReplayEvent[];
  /** Events left out, because the bridge still delivers them itself. */
  readonly pending: number;
  /** Events left out by the sink's filter. */
  readonly filtered: number;
  /** Entries of the journal that cannot be read. */
  readonly damaged: number;
  /** Streams and sources that could not be read. */
  readonly errors: ReadonlyMap<string, PartError>;
}

/** Events that were rebuilt from the tasks that the API shows now. */
export interface RebuiltEvents {
  readonly events: readonly ReplayEvent[];
  /** Streams and sources that could not be read. */
  readonly errors: ReadonlyMap<string, PartError>;
}

/** Sends events again, past the records. */
export interface Replays {
  /** Finds the events. Sends and changes nothing. @throws StoreError */
  plan(request: ReplayRequest, signal: AbortSignal): Promise<ReplayPlan>;
  /** Rebuilds the events of the tasks that the API shows now, one each. Sends and changes nothing. */
  rebuild(request: Omit<ReplayRequest, "sink">, signal: AbortSignal): Promise<RebuiltEvents>;
  /** Sends events to one sink. `accepted` is called at once for each one taken; it must not throw. */
  send(
    sink: SinkName,
    events: readonly ReplayEvent[],
    options: { readonly signal: AbortSignal; readonly accepted: (event: CloudEvent) => void },
  ): Promise<Replayed>;
}

/** Parts that replays need. */
export interface ReplayParts {
  readonly pipelines: ReadonlyMap<SinkName, SinkPipeline>;
  readonly stores: Pick<Stores, "checkpoints" | "parked" | "journal">;
  readonly discoveries: readonly Discovery[];
  readonly plans: StreamPlans;
  readonly losses: JournalLosses;
  readonly clock: Clock;
  readonly log: Log;
}

/** Creates the replays of a bridge. */
export function openReplays(parts: ReplayParts): Replays {
  const { pipelines, stores, losses, clock } = parts;
  const { journal } = stores;
  const pipelineOf = (sink: SinkName): SinkPipeline => {
    const pipeline = pipelines.get(sink);
    if (!pipeline) throw new RangeError(`there is no sink ${sink}`);
    return pipeline;
  };
  return {
    plan: (request, signal) =>
      planReplay(request, {
        stores,
        matches: pipelineOf(request.sink).matches,
        rebuild: () => rebuiltEvents(request, parts, signal),
      }),
    rebuild: (request, signal) => rebuiltEvents(request, parts, signal),
    send: (sink, events, { signal, accepted }) =>
      replay({
        dispatcher: pipelineOf(sink).dispatcher(),
        events,
        clock,
        signal,
        accepted,
        attempted: async (entries) => {
          await journal?.append(entries).catch((error: unknown) => losses.failed(error, entries.length));
        },
      }),
  };
}

/** Parts that a replay's plan needs. */
export interface PlanParts {
  readonly stores: Pick<Stores, "checkpoints" | "parked" | "journal">;
  /** Whether the event passes the sink's filter. */
  readonly matches: (event: CloudEvent) => boolean;
  /** Rebuilds the events from the API; called when the journal has none. */
  readonly rebuild: () => Promise<RebuiltEvents>;
}

/** Finds the events of a replay. Sends and changes nothing. @throws StoreError */
export async function planReplay(
  request: ReplayRequest,
  { stores, matches, rebuild }: PlanParts,
): Promise<ReplayPlan> {
  const kept = await journaledEvents(request, stores);
  const rebuilt = kept.events.length > 0 ? null : await rebuild();
  const found = rebuilt?.events ?? kept.events;
  const wanted = found.filter(({ event }) => matches(event));
  const owed = await owedTo(request.sink, new Set(wanted.map(({ stream }) => stream)), stores);
  const events = wanted.filter(({ event }) => !owed.ids.has(event.id));
  return {
    from: rebuilt ? "api" : "journal",
    journalBeginsMs: rebuilt ? null : await beginAfter(request.sinceMs, stores),
    events,
    pending: wanted.length - events.length,
    filtered: found.length - wanted.length,
    damaged: kept.damaged,
    errors: new Map([...(rebuilt?.errors ?? []), ...owed.errors]),
  };
}

async function journaledEvents(
  { sinceMs, untilMs, task }: ReplayRequest,
  { journal }: Pick<Stores, "journal">,
): Promise<{ readonly events: readonly ReplayEvent[]; readonly damaged: number }> {
  const events = new Map<EventId, ReplayEvent>();
  let damaged = 0;
  for await (const entry of journal?.read({ sinceMs, untilMs, ...(task !== undefined && { task }) }) ?? []) {
    if (entry.kind === "event") events.set(entry.event.id, entry);
    else if (entry.kind === "damaged") damaged += 1;
  }
  return { events: [...events.values()], damaged };
}

/** When the journal's first event was written, if that is after an instant. */
async function beginAfter(sinceMs: number, { journal }: Pick<Stores, "journal">): Promise<number | null> {
  for await (const entry of journal?.read({ sinceMs: 0 }) ?? []) {
    if (entry.kind !== "event") continue;
    return entry.writtenMs > sinceMs ? entry.writtenMs : null;
  }
  return null;
}

/**
 * Rebuilds events from the tasks that the API shows now: one for each task created in the span, for its present status,
 * with the id that its event had. What the API does not keep is missing: earlier statuses, and the status before.
 */
async function rebuiltEvents(
  { sinceMs, untilMs, task: id }: Omit<ReplayRequest, "sink">,
  { discoveries, plans, log }: ReplayParts,
  signal: AbortSignal,
): Promise<RebuiltEvents> {
  const listings = await allListings(discoveries, log, signal);
  const errors = new Map(listings.flatMap(({ error }) => (error ? [[error.key, error.error] as const] : [])));
  const found: { readonly atMs: number; readonly event: ReplayEvent }[] = [];
  const read = async (plan: StreamPlan): Promise<void> => {
    const { stream, source, rules } = plan;
    for await (const { tasks } of source?.list(stream, sinceMs, { endMs: untilMs, signal }) ?? []) {
      for (const task of tasks) {
        if (task.createdAtMs < sinceMs || task.createdAtMs > untilMs) continue;
        if (id !== undefined && !isTaskNamed(task.id, id)) continue;
        const context = { ...rules.context, observedAtMs: stampMs(task) };
        const event = toEvent({ task, from: null, to: task.status }, context);
        found.push({ atMs: stampMs(task), event: { stream: rules.stream, event } });
      }
    }
  };
  for (const { discovery, listed } of listings) {
    for (const watched of listed?.streams ?? []) {
      try {
        await read(plans.ofWatched(watched, discovery));
      } catch (error) {
        const stream = streamKey(watched.stream);
        errors.set(stream, partError(log, { stream }, error));
      }
    }
  }
  // A task that changed while it was read may be there twice.
  const events = new Map(found.sort((a, b) => a.atMs - b.atMs).map(({ event }) => [event.event.id, event]));
  return { events: [...events.values()], errors };
}

interface OwedEvents {
  readonly ids: ReadonlySet<EventId>;
  /** Streams whose parked deliveries cannot be read, or are missing. */
  readonly errors: ReadonlyMap<StreamKey, StoreError>;
}

/** Events that the records still owe a sink: the bridge delivers them itself, in order. @throws StoreError */
async function owedTo(
  sink: SinkName,
  streams: Iterable<StreamKey>,
  { checkpoints, parked }: Pick<Stores, "checkpoints" | "parked">,
): Promise<OwedEvents> {
  const ids = new Set<EventId>();
  const errors = new Map<StreamKey, StoreError>();
  for (const stream of streams) {
    const stored = await checkpoints.load(stream);
    if (!stored) continue;
    for (const { event, pending } of stored.checkpoint.outbox) if (pending.has(sink)) ids.add(event.id);
    const batches = stored.checkpoint.parked.get(sink) ?? [];
    try {
      for await (const { event } of parkedFor(parked, stream, { sink, batches })) ids.add(event.id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      errors.set(stream, error);
    }
  }
  return { ids, errors };
}
