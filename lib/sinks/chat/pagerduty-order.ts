import type { Clock } from "../../core/clock.ts";

/** Pause between two requests, milliseconds: PagerDuty accepts events at once but processes them later, in any order. */
const gapMs = 5_000;
const maxKeys = 10_000;

/** One action on an alert. */
export interface AlertAction {
  /** The alert's key. */
  readonly key: string;
  readonly action: string;
  /** Sorts in the order in which the changes were seen. */
  readonly order: string;
}

interface SentActions {
  readonly action: string;
  readonly order: string;
  /** When the request ended, epoch milliseconds. */
  readonly endedAtMs: Promise<number>;
}

/**
 * Keeps the actions on one alert in order: one request at a time, with a pause between two different
 * actions. Null for a step that a newer one has replaced. Kept in this process only.
 */
export function alertOrder<Result>(clock: Clock) {
  const sent = new Map<string, SentActions>();

  const remember = (key: string, step: SentActions): void => {
    sent.delete(key);
    sent.set(key, step);
    const [oldest] = sent.keys();
    if (sent.size > maxKeys && oldest !== undefined) sent.delete(oldest);
  };

  return async (
    { key, action, order }: AlertAction,
    send: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result | null> => {
    const before = sent.get(key);
    if (before && order < before.order) return null;
    const sending = before ? waited(before, action, signal).then(send) : send();
    remember(key, { action, order, endedAtMs: sending.then(clock.now, clock.now) });
    return sending;
  };

  async function waited(before: SentActions, action: string, signal: AbortSignal): Promise<void> {
    const waitMs = (await before.endedAtMs) + gapMs - clock.now();
    if (before.action !== action && waitMs > 0) await clock.sleep(waitMs, signal);
  }
}
