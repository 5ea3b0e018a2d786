import type { Bundles } from "../bundle.ts";

/** What every contest is set up with. */
export interface Stage {
  readonly bundles: Bundles;
  /** For files that a contest needs. */
  readonly folder: string;
  /** Fewer and smaller rounds: to see that all works, not to believe. */
  readonly isQuick: boolean;
  /** Called when the contests are over. */
  readonly onEnd: (close: () => Promise<unknown>) => void;
}
