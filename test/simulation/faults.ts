/** Everything that a history may suffer, by where it happens. The table of docs/simulation.md counts each. */
export const faultKinds = [
  "api: task visible late",
  "api: status seen late",
  "api: list shifts between pages",
  "api: task deleted",
  "api: many tasks in one second",
  "api: task in the boundary second",
  "api: status jumps",
  "api: ended task runs again",
  "api: unknown status",
  "api: updated_at missing",
  "api: two statuses in one millisecond",
  "api: record unreadable",
  "api: task_count missing",
  "api: task_count wrong",
  "api: clock differs",
  "api: throttled",
  "api: server error",
  "api: time-out",
  "api: fails after the first page",
  "api: single look-up fails",
  "api: instance gone",
  "api: unreadable for too long",
  "api: readable again after that",
  "api: unreadable for a short time",
  "store: conflict",
  "store: throttled",
  "store: time-out before the effect",
  "store: reply lost after the effect",
  "store: unavailable",
  "store: record too large",
  "parked deliveries: unavailable",
  "parked deliveries: reply lost after the effect",
  "dead letters: unavailable",
  "dead letters: reply lost after the effect",
  "sink: server error",
  "sink: short Retry-After",
  "sink: long Retry-After",
  "sink: absurd Retry-After",
  "sink: blocked",
  "sink: refuses for good",
  "sink: part of a batch",
  "sink: several streams in a batch",
  "sink: fails with some events",
  "sink: accepts, reply lost",
  "sink: hangs",
  "sink: ignores its signal",
  "sink: slow",
  "sink: accepts while cut off",
  "run: killed before a call",
  "run: killed between effect and reply",
  "run: killed at an instant",
  "run: follows an open task",
  "run: throttled while it follows",
  "run: two at once",
  "run: three at once",
  "run: stopped by a signal",
  "run: leaves the rest to the next poll",
  "run: budget of milliseconds",
  "run: hosts' clocks differ",
  "run: clock jumps forward",
  "run: clock jumps back",
  "config: sink removed",
  "config: sink added or brought back",
  "config: filter changed",
  "checkpoint: restored from an earlier version",
  "checkpoint: lost",
  "operator: dead letters redriven",
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** How often each kind was hit. */
export class FaultCounts {
  readonly counts = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]));

  hit(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  add(other: FaultCounts): void {
    for (const [kind, count] of other.counts) this.counts.set(kind, (this.counts.get(kind) ?? 0) + count);
  }

  missing(): readonly FaultKind[] {
    return faultKinds.filter((kind) => !this.counts.get(kind));
  }
}
