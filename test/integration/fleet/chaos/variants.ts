import type { Check } from "./judge.ts";

/** A fleet broken on purpose, at what its functions take and give. */
export interface Variant {
  readonly name: string;
  /** Changes a planner's message on its way to the queue; null loses it. */
  readonly shard?: (body: string) => string | null;
  /** A wake reaches the planner as the timer's event. */
  readonly wakesAreTimers?: true;
  /** Every message is deleted, whatever the function says of it. */
  readonly deletesAll?: true;
  /** Each batch of a sink is delivered by what knows nothing of the batches before. */
  readonly isAlwaysCold?: true;
  /** Messages stay hidden for no longer than this, seconds. */
  readonly maxHiddenSeconds?: number;
}

export const sound: Variant = { name: "sound" };

interface Shard {
  readonly source: string;
  readonly instances: readonly Readonly<Record<string, unknown>>[];
}

const shards =
  (change: (instance: Readonly<Record<string, unknown>>) => object | null) =>
  (body: string): string | null => {
    const { source, instances } = JSON.parse(body) as Shard;
    const changed = instances.flatMap((instance) => change(instance) ?? []);
    return changed.length > 0 ? JSON.stringify({ source, instances: changed }) : null;
  };

/** Fleets that break a promise, each at one place, and the checks that may catch them. */
export const variants: readonly (Variant & { readonly caughtBy: readonly Check[] })[] = [
  {
    name: "planner-passes-over-what-only-the-index-knows",
    caughtBy: ["no loss"],
    shard: shards((instance) => (instance["absentMs"] === undefined ? instance : null)),
  },
  {
    name: "planner-forgets-since-when-an-instance-is-new",
    caughtBy: ["no loss"],
    shard: shards(({ sinceMs: _, ...instance }) => instance),
  },
  { name: "planner-takes-a-wake-for-its-timer", caughtBy: ["woken at once"], wakesAreTimers: true },
  {
    name: "deliver-deletes-before-the-sink-accepts",
    caughtBy: ["accepted before deleted"],
    deletesAll: true,
  },
  { name: "rate-begins-anew-with-each-batch", caughtBy: ["rate"], isAlwaysCold: true },
  { name: "failed-messages-come-back-at-once", caughtBy: ["given up with a reason"], maxHiddenSeconds: 0 },
];
