import type { SinkName } from "../core/names.ts";

/** What the run of one stream has done so far, in numbers. */
export class Tally {
  /** Changes committed. */
  changes = 0;
  readonly accepted = new Map<SinkName, number>();
  /** Deliveries that a filter settled. */
  readonly filtered = new Map<SinkName, number>();
  readonly deadLettered = new Map<SinkName, number>();

  add(of: "accepted" | "filtered" | "deadLettered", sink: SinkName, count: number): void {
    if (count > 0) this[of].set(sink, (this[of].get(sink) ?? 0) + count);
  }
}
