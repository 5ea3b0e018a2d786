import type { RunObserver } from "../run/observer.ts";
import type { RunSummary } from "../run/summary.ts";

/** Callbacks for all runs of a bridge. They must not throw. */
export interface BridgeObserver extends RunObserver {
  /** A run ended. */
  ran?(summary: RunSummary): void;
}

/** Combines observers; each sees every step, in the given order. */
export const observeAll = (observers: readonly BridgeObserver[]): BridgeObserver => ({
  requested: (request) => {
    for (const observer of observers) observer.requested?.(request);
  },
  committed: (stream, event) => {
    for (const observer of observers) observer.committed?.(stream, event);
  },
  attempted: (attempt) => {
    for (const observer of observers) observer.attempted?.(attempt);
  },
  listed: (...page) => {
    for (const observer of observers) observer.listed?.(...page);
  },
  ran: (summary) => {
    for (const observer of observers) observer.ran?.(summary);
  },
});
