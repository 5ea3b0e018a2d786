import type { CloudEvent } from "../../../change/event.ts";

/** A change that the simulator made, which must arrive as an event. */
export interface MadeChange {
  readonly instanceId: string;
  readonly taskId: string;
  readonly to: string;
  readonly atMs: number;
}

/** An event as the receiver recorded it. */
export interface Arrival {
  readonly event: CloudEvent;
  /** Whether its signature was right. */
  readonly verified: boolean;
  readonly atMs: number;
}

/** Comparison of the changes that were made with the events that arrived. */
export interface DemoResult {
  readonly tasks: number;
  readonly changes: number;
  /** Number of distinct events that arrived. */
  readonly delivered: number;
  /** Number of repeated arrivals. */
  readonly duplicates: number;
  /** Ids of changes that never arrived. */
  readonly lost: readonly string[];
  /** Ids of events that no change caused. */
  readonly unexpected: readonly string[];
  /** Ids of tasks whose events arrived out of order. */
  readonly disordered: readonly string[];
  readonly unverified: number;
  /** From a change to its event's first arrival, milliseconds; null when nothing arrived. */
  readonly medianLatencyMs: number | null;
}

/** Compares changes with arrivals by event id. */
export function checkArrivals(made: readonly MadeChange[], arrivals: readonly Arrival[]): DemoResult {
  const expected = new Map(made.map((change) => [idOf(change), change]));
  const first = new Map<string, Arrival>();
  for (const arrival of arrivals) if (!first.has(arrival.event.id)) first.set(arrival.event.id, arrival);
  const latenciesMs = [...first].flatMap(([id, { atMs }]) => {
    const change = expected.get(id);
    return change ? [atMs - change.atMs] : [];
  });
  return {
    tasks: new Set(made.map(({ taskId }) => taskId)).size,
    changes: expected.size,
    delivered: first.size,
    duplicates: arrivals.length - first.size,
    lost: [...expected.keys()].filter((id) => !first.has(id)),
    unexpected: [...first.keys()].filter((id) => !expected.has(id)),
    disordered: disordered([...expected.values()], [...first.values()]),
    unverified: arrivals.filter(({ verified }) => !verified).length,
    medianLatencyMs: median(latenciesMs),
  };
}

/** Whether every change arrived exactly as it should. */
export const isExact = (result: DemoResult): boolean =>
  result.changes > 0 &&
  result.duplicates === 0 &&
  result.unverified === 0 &&
  result.lost.length + result.unexpected.length + result.disordered.length === 0;

/** The event id of design.md, computed without the bridge's own code so that the demo can detect a wrong one. */
const idOf = ({ instanceId, taskId, to, atMs }: MadeChange): string =>
  `${instanceId}/${taskId}/${to}/${atMs}`;

function disordered(made: readonly MadeChange[], arrivals: readonly Arrival[]): readonly string[] {
  const placeOf = new Map(arrivals.map(({ event }, place): [string, number] => [event.id, place]));
  const byTask = Map.groupBy(made, ({ taskId }) => taskId);
  return [...byTask].flatMap(([taskId, changes]) => {
    const places = changes
      .toSorted((a, b) => a.atMs - b.atMs)
      .map((change) => placeOf.get(idOf(change)))
      .filter((place) => place !== undefined);
    return places.every((place, index) => place >= (places[index - 1] ?? 0)) ? [] : [taskId];
  });
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
