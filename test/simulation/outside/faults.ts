/** What a task's life and record may have that no reader expects. */
export const traits = [
  "task: updated_at missing",
  "task: updated_at equal",
  "task: updated_at a second lower",
  "task: updated_at far ahead",
  "task: status jumps",
  "task: unknown status",
  "task: runs again after its end",
  "task: many in one second",
  "task: visible late",
  "task: missing for a while",
  "task: deleted",
  "task: unreadable for a while",
  "task: name is a number",
  "task: name too long",
  "task: half a surrogate in its name",
  "task: params nested deep",
] as const;

/** How an API answers a list of tasks, or the look-up of one. */
export const listTroubles = [
  "api: throttled",
  "api: throttled by a 404",
  "api: gateway's throttling by a 404",
  "api: proxy's 404 in JSON",
  "api: server error",
  "api: HTML",
  "api: connection reset",
  "api: answer cut off",
  "api: hangs",
  "api: TLS or system error",
  "api: fails after the first page",
] as const;

export const lookUpTroubles = ["api: look-up is empty", "api: look-up of another task"] as const;

export const discoveryTroubles = ["api: instance list fails", "api: instance list hangs"] as const;

export const dialects = [
  "api: offset in place of start",
  "api: limit clamped",
  "api: task_count missing",
  "api: task_count a number",
  "api: task_count of the page alone",
  "api: end_time ignored",
  "api: null for an empty list",
] as const;

/** How a receiver of events behaves. */
export const sinkTroubles = [
  "sink: server error",
  "sink: throttled, Retry-After in seconds",
  "sink: throttled, Retry-After as a date",
  "sink: absurd Retry-After",
  "sink: blocked",
  "sink: redirects",
  "sink: refuses some for good",
  "sink: fails with some",
  "sink: connection reset",
  "sink: accepts, reply lost",
  "sink: hangs",
  "sink: slow",
  "sink: huge answer",
  "sink: zipped answer",
] as const;

export const storeTroubles = ["store: unavailable", "store: effect, then a time-out"] as const;

export const others = [
  "api: replica lags",
  "api: instance deleted",
  "api: instance deleted and back",
  "api: key refused",
  "api: unreadable for too long",
  "api: readable again after that",
  "run: killed at an await",
  "run: killed at an instant",
  "run: stopped by a signal",
  "run: leaves the rest to the next poll",
  "run: follows an open task",
  "run: two at once",
  "run: warm",
  "clock: ours differs from the API's",
  "clock: ahead for one run",
  "clock: behind for one run",
  "clock: jumps during a run",
  "config: instance taken out",
  "config: source taken out",
  "config: sink taken out",
  "config: sink added",
  "burst: a slow, a hanging and a healthy sink",
] as const;

export type Trait = (typeof traits)[number];
export type ListTrouble = (typeof listTroubles)[number];
export type LookUpTrouble = (typeof lookUpTroubles)[number];
export type DiscoveryTrouble = (typeof discoveryTroubles)[number];
export type SinkTrouble = (typeof sinkTroubles)[number];
export type StoreTrouble = (typeof storeTroubles)[number];
export type ApiTrouble = ListTrouble | LookUpTrouble | DiscoveryTrouble;

export const faults = [
  ...traits,
  ...listTroubles,
  ...lookUpTroubles,
  ...discoveryTroubles,
  ...dialects,
  ...sinkTroubles,
  ...storeTroubles,
  ...others,
] as const;

export type Fault = (typeof faults)[number];

/** How often each was met. */
export class Met {
  readonly counts = new Map<Fault, number>(faults.map((fault) => [fault, 0]));

  hit(fault: Fault, times = 1): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + times);
  }

  add(other: Met): void {
    for (const [fault, count] of other.counts) this.hit(fault, count);
  }
}
