/** Result of one check. */
export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "failed";
  readonly found: string;
  /** Advice; null when there is nothing to do. */
  readonly action: string | null;
}

/** Result of a check whose name is known. */
export type CheckResult = Omit<Finding, "check">;

/** All is well. */
export const ok = (found: string): CheckResult => ({ result: "ok", found, action: null });
/** A run works, and something should be done. */
export const warning = (found: string, action: string): CheckResult => ({ result: "warning", found, action });
/** A run cannot work. */
export const failed = (found: string, action: string): CheckResult => ({ result: "failed", found, action });
