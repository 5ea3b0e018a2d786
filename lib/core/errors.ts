/** One thing wrong in the configuration or on the command line. */
export interface ConfigIssue {
  /** Dotted path of the field, as the user wrote it: `sinks.ops.url`. */
  readonly field: string;
  /** The value that was found, with secrets left out. */
  readonly found: string;
  readonly expected: string;
}

/** The operator must change something before anything can run. Carries every issue, never just the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
  readonly issues: readonly ConfigIssue[];
  /** `file:line:column` of each issue in a configuration file; null where the place is unknown. */
  readonly places: readonly (string | null)[];
  /** Each issue's line with a caret below it, secrets left out; null where the place is unknown. */
  readonly excerpts: readonly (string | null)[];

  constructor(
    issues: readonly ConfigIssue[],
    { places, excerpts, ...options }: ErrorOptions & Partial<Pick<ConfigError, "places" | "excerpts">> = {},
  ) {
    super(issues.map((issue, index) => describeIssue(issue, places?.[index] ?? null)).join("\n"), options);
    this.issues = issues;
    this.places = issues.map((_, index) => places?.[index] ?? null);
    this.excerpts = issues.map((_, index) => excerpts?.[index] ?? null);
  }
}

/** Formats one issue: `bridge.config.yaml:4:13 sources[0].region: expected …, found …` */
const describeIssue = ({ field, found, expected }: ConfigIssue, place: string | null): string =>
  `${place === null ? "" : `${place} `}${field}: expected ${expected}, found ${found}`;

/** Why a stream could not be read. */
export type SourceFailure =
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "throttled"
  | "unavailable"
  | "malformed"
  | "rejected";

/** A stream could not be read; the other streams go on. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly code = "SOURCE_FAILED";
  readonly reason: SourceFailure;
  readonly retryAfterMs: number | null;
  /** Status and code of the API's response; null when no response came. */
  readonly api: { readonly status: number; readonly code: string | null } | null;
  /** API clock minus local clock in milliseconds, from the response's Date header; null without one. */
  readonly clockSkewMs: number | null;

  constructor(
    reason: SourceFailure,
    message: string,
    options: ErrorOptions & Partial<Pick<SourceError, "retryAfterMs" | "api" | "clockSkewMs">> = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.api = options.api ?? null;
    this.clockSkewMs = options.clockSkewMs ?? null;
  }
}

/** An unexpected exception in one part of a run. That part ends with this error; the others go on. */
export class DefectError extends Error {
  override readonly name = "DefectError";
  readonly code = "DEFECT";

  /** Leaves out the cause's own text: it may quote secrets. */
  constructor(cause: unknown) {
    super(
      `an unexpected ${nameOf(cause)}, which is a defect of dms-task-bridge: the log has its stack at level debug`,
      { cause },
    );
  }
}

/** Entries that the journal lacks. */
export interface MissingEntries {
  readonly count: number;
  /** When the first and the last of them were committed, epoch milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The journal could not keep what happened. Deliveries and their records are unaffected. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code = "JOURNAL_FAILED";

  constructor({ count, fromMs, untilMs }: MissingEntries, cause: unknown) {
    const why = cause instanceof StoreError ? cause.message : nameOf(cause);
    const time = [fromMs, untilMs].map((ms) => new Date(ms).toISOString()).join(" to ");
    const entries = count === 1 ? "entry is" : "entries are";
    super(`${count} ${entries} missing from the journal, of ${time}: ${why}`, { cause });
  }
}

/** Class name of a thrown value, for messages. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** Any error that ends one part of a run. */
export type PartError = SourceError | StoreError | DefectError;

/** Why a store could not read or write a record. */
export type StoreFailure = "unavailable" | "corrupt" | "too_large";

/** A record could not be read or written. Deliveries that cannot be recorded are not attempted. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code = "STORE_FAILED";
  readonly reason: StoreFailure;

  constructor(reason: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * A secret that the configuration refers to could not be read. The code says why; the message quotes no text of the
 * secret store.
 */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
