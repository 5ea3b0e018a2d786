import type { CloudEvent } from "../../lib/change/event.ts";
import type { Random } from "../../lib/core/clock.ts";
import { type SinkName, type StreamKey, streamKey } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { between, pick } from "../../lib/simulator/random.ts";
import type { BatchLimits, Sink } from "../../lib/sinks/sink.ts";
import { onAccepted, onAttempt } from "./checker.ts";
import type { FaultKind } from "./faults.ts";
import { type Crew, type History, pair } from "./history.ts";
import { onTell, referenceFor } from "./living.ts";
import { never } from "./process.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Shorter than the margin by which a fence outlives its run, the differences of the hosts' clocks taken off. */
const cutLagMs = 500;

/** How a sink behaves from now on. */
export const sinkModes = [
  "well",
  "failing",
  "throttled",
  "blocked",
  "refusing",
  "partial",
  "choosy",
  "deaf",
  "hanging",
  "stuck",
  "slow",
  "mixed",
] as const;
export type SinkMode = (typeof sinkModes)[number];

const accepted: DeliveryResult = { kind: "accepted" };
const busy: DeliveryResult = { kind: "retry", reason: "server_error", detail: "HTTP 503" };
const timedOut: DeliveryResult = { kind: "retry", reason: "timeout", detail: "no answer" };
const locked: DeliveryResult = { kind: "blocked", reason: "unauthorized", detail: "HTTP 401" };
const refused: DeliveryResult = { kind: "permanent", reason: "rejected", detail: "HTTP 400" };

/** One attempt: how long it takes, what the sink does with each event, and what it says of it. */
interface Plan {
  readonly latencyMs: number;
  readonly fault: FaultKind | null;
  readonly takes: (index: number, event: CloudEvent) => boolean;
  readonly says: (index: number, event: CloudEvent) => DeliveryResult;
}

const well = (random: Random): Plan => ({
  latencyMs: between(random, 5, 120),
  fault: null,
  takes: () => true,
  says: () => accepted,
});

const answers = (random: Random, fault: FaultKind, answer: DeliveryResult): Plan => ({
  latencyMs: between(random, 5, 200),
  fault,
  takes: () => false,
  says: () => answer,
});

function throttled(random: Random): Plan {
  const [fault, retryAfterMs] = pick(random, [
    ["sink: short Retry-After", 1_000],
    ["sink: long Retry-After", 20 * minuteMs],
    ["sink: absurd Retry-After", 1e15],
  ] as const);
  return answers(random, fault, { kind: "retry", reason: "throttled", detail: "HTTP 429", retryAfterMs });
}

function partial(random: Random): Plan {
  const passes = Array.from({ length: 64 }, () => random() < 0.5);
  return {
    latencyMs: between(random, 5, 200),
    fault: "sink: part of a batch",
    takes: (index) => passes[index] ?? false,
    says: (index) => (passes[index] ? accepted : busy),
  };
}

const isFirst = ({ data }: CloudEvent): boolean => data.change.from === null;

function planOf(mode: SinkMode, random: Random): Plan {
  switch (mode) {
    case "well":
      return well(random);
    case "failing":
      return answers(random, "sink: server error", busy);
    case "throttled":
      return throttled(random);
    case "blocked":
      return answers(random, "sink: blocked", locked);
    case "refusing":
      return answers(random, "sink: refuses for good", refused);
    case "partial":
      return partial(random);
    case "choosy":
      return {
        ...well(random),
        fault: "sink: fails with some events",
        takes: (_, event) => !isFirst(event),
        says: (_, event) => (isFirst(event) ? busy : accepted),
      };
    case "deaf":
      return {
        latencyMs: 10_000,
        fault: "sink: accepts, reply lost",
        takes: () => true,
        says: () => timedOut,
      };
    case "hanging":
      return { latencyMs: hourMs, fault: "sink: hangs", takes: () => false, says: () => timedOut };
    case "stuck":
      return {
        latencyMs: hourMs,
        fault: "sink: ignores its signal",
        takes: () => false,
        says: () => timedOut,
      };
    case "slow":
      return { ...well(random), latencyMs: between(random, 2_000, 9_000), fault: "sink: slow" };
    case "mixed": {
      const sane = sinkModes.filter((other) => other !== "mixed");
      return planOf(sane[Math.floor(random() * sane.length * 1.6)] ?? "well", random);
    }
    default:
      return mode satisfies never;
  }
}

/** One process's way to a sink. */
export function simulatedSink(
  name: SinkName,
  batch: BatchLimits,
  mode: () => SinkMode,
  crew: Crew,
  history: History,
): Sink {
  const { process } = crew;
  return {
    name,
    batch,
    deliver: async (events, { signal, messages }) => {
      if (!process.isAlive) return never;
      const plan = planOf(mode(), process.random);
      if (plan.fault) process.faults.hit(plan.fault);
      const streams = events.map(streamOf);
      const deeds = streams.map((stream) => crew.deeds.get(stream));
      if (new Set(streams).size > 1) process.faults.hit("sink: several streams in a batch");
      const given = events.map(({ subject }) => messages?.get(subject));
      history.witness(() => {
        for (const [stream, ofStream] of Map.groupBy(events, streamOf))
          onAttempt(history, crew, stream, name, ofStream);
        for (const [index, event] of events.entries()) {
          const own = deeds[index];
          if (own) onTell(own, name, event, given[index]);
        }
      });
      const flights = [...new Set(streams)].map((stream) => ({ process, stream, sink: name }));
      const land = (): void => {
        for (const flight of flights) history.inFlight.delete(flight);
      };
      for (const flight of flights) history.inFlight.add(flight);
      process.onDeath(land);
      const take = (): true => {
        for (const [index, event] of events.entries()) {
          if (plan.takes(index, event))
            history.witness(() => onAccepted(history, streamOf(event), name, event));
        }
        return true;
      };
      const lagMs = between(process.random, 0, cutLagMs);
      const arrived = await process.request(plan.latencyMs, signal, take, lagMs);
      land();
      if (arrived === null) {
        if (plan.fault === "sink: ignores its signal") return never;
        process.faults.hit("sink: accepts while cut off");
        return events.map(() => timedOut);
      }
      return events.map((event, index) => {
        const result = plan.says(index, event);
        if (result.kind !== "accepted") return result;
        deeds[index]?.answered.add(pair(name, event.id));
        return { ...result, message: referenceFor(deeds[index], name, event, given[index]) };
      });
    },
    close: async () => {},
  };
}

const streamOf = ({ data }: CloudEvent): StreamKey => streamKey(data.instance);
