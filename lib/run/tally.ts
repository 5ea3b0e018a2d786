import type { SinkName } from "../core/names.ts";
import type { CommitPlan } from "./commit-plan.ts";

/** Counts of one stream's run so far. */
export class Tally {
  /** Committed changes. */
  changes = 0;
  readonly accepted = new Map<SinkName, number>();
  /** Deliveries that filters excluded. */
  readonly filtered = new Map<SinkName, number>();
  readonly deadLettered = new Map<SinkName, number>();

  get counts(): Pick<Tally, "changes" | "accepted" | "filtered" | "deadLettered"> {
    const { changes, accepted, filtered, deadLettered } = this;
    return { changes, accepted, filtered, deadLettered };
  }

  committed({ events, filtered, deadLetters }: CommitPlan): void {
    this.changes += events.length;
    for (const [sink, count] of filtered) this.add("filtered", sink, count);
    for (const { sink } of deadLetters) this.add("deadLettered", sink, 1);
  }

  add(of: "accepted" | "filtered" | "deadLettered", sink: SinkName, count: number): void {
    if (count > 0) this[of].set(sink, (this[of].get(sink) ?? 0) + count);
  }
}
