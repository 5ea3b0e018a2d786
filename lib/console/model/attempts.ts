import type { DeliveryEntry, DeliveryOutcome } from "../../journal/entry.ts";
import type { DeliveryAttempt } from "../../run/observer.ts";
import type { AttemptRow, DeliveryRow } from "../protocol.ts";

/** An attempt that this process made. */
export const rowOfAttempt = ({ sink, result, startedMs, endedMs }: DeliveryAttempt): AttemptRow => ({
  sink,
  atMs: endedMs,
  durationMs: endedMs - startedMs,
  kind: result.kind,
  reason: result.kind === "accepted" ? null : result.reason,
  detail: result.kind === "accepted" ? null : result.detail,
});

const kinds: Readonly<Record<DeliveryOutcome, AttemptRow["kind"]>> = {
  accepted: "accepted",
  retried: "retry",
  blocked: "blocked",
  "dead-lettered": "permanent",
  redriven: "redriven",
};

/** An attempt that the journal tells of. */
export const rowOfEntry = ({ sink, atMs, outcome, reason, detail }: DeliveryEntry): AttemptRow => ({
  sink,
  atMs,
  durationMs: null,
  kind: kinds[outcome],
  reason,
  detail,
});

const states: Readonly<Record<AttemptRow["kind"], DeliveryRow["state"]>> = {
  accepted: "accepted",
  retry: "retrying",
  blocked: "blocked",
  permanent: "abandoned",
  redriven: "pending",
};

/** The deliveries of an event after one more attempt. */
export function withAttempt(
  deliveries: readonly DeliveryRow[],
  { sink, kind }: AttemptRow,
): readonly DeliveryRow[] {
  const earlier = deliveries.find((delivery) => delivery.sink === sink);
  const attempts = (earlier?.attempts ?? 0) + (kind === "redriven" ? 0 : 1);
  const next = { sink, state: states[kind], attempts };
  return earlier ? deliveries.map((each) => (each === earlier ? next : each)) : [...deliveries, next];
}
