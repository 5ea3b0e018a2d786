import type { StreamKey } from "../core/names.ts";
import { type DeliveryEntry, deliveryEntry, type JournalEntry } from "../journal/entry.ts";
import type { CommitPlan } from "./commit-plan.ts";
import type { RunContext } from "./plan.ts";

/** The parts of a planned commit that the journal tells of. */
type Told = Pick<CommitPlan, "events" | "deadLetters">;

/** Adds the journal's entries to the commits of one stream's run. */
export class CommitJournal {
  readonly #context: Pick<RunContext, "isJournaled" | "clock">;
  readonly #stream: StreamKey;

  constructor(context: Pick<RunContext, "isJournaled" | "clock">, stream: StreamKey) {
    this.#context = context;
    this.#stream = stream;
  }

  /** Adds the entries of a plan, after those of the attempts since the last commit. Adds none without a journal. */
  with<Plan extends Told>(
    plan: Plan | null,
    attempts: readonly DeliveryEntry[],
  ): (Plan & { readonly entries?: readonly JournalEntry[] }) | null {
    if (!plan || !this.#context.isJournaled) return plan;
    const place = { stream: this.#stream, atMs: this.#context.clock.now() };
    const abandoned = plan.deadLetters.map((deadLetter) => {
      const { event, sink, attempts: attempt } = deadLetter;
      return deliveryEntry({ ...place, event, sink, attempt, outcome: "dead-lettered", failure: deadLetter });
    });
    const emitted = plan.events.map((each): JournalEntry => ({ kind: "event", ...place, ...each }));
    return { ...plan, entries: [...attempts, ...abandoned, ...emitted] };
  }
}
