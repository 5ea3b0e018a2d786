/** One thing wrong in the configuration or on the command line. */
export interface ConfigIssue {
  /** Dotted path of the field, as the user wrote it: `sinks.ops.url`. */
  readonly field: string;
  /** What stands there, with secrets left out. */
  readonly found: string;
  readonly expected: string;
}

/** The operator must change something before anything can run. Carries every issue, never just the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
  readonly issues: readonly ConfigIssue[];
  /** Of each issue `file:line:column`, where it stands in a file of text; null elsewhere. */
  readonly places: readonly (string | null)[];

  constructor(
    issues: readonly ConfigIssue[],
    { places, ...options }: ErrorOptions & { readonly places?: readonly (string | null)[] } = {},
  ) {
    super(issues.map((issue, index) => describeIssue(issue, places?.[index] ?? null)).join("\n"), options);
    this.issues = issues;
    this.places = issues.map((_, index) => places?.[index] ?? null);
  }
}

/** `bridge.config.yaml:4:13 sources[0].region: expected …, found …` */
const describeIssue = ({ field, found, expected }: ConfigIssue, place: string | null): string =>
  `${place === null ? "" : `${place} `}${field}: expected ${expected}, found ${found}`;

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
  /** What the API answered; null when no answer came. */
  readonly api: { readonly status: number; readonly code: string | null } | null;
  /** The API's clock less ours, by the Date of its answer; null where there was none. */
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

/** A part met what nobody foresaw: it ends with this error, and the others go on. */
export class DefectError extends Error {
  override readonly name = "DefectError";
  readonly code = "DEFECT";

  /** The cause's own text is left out, since nobody knows what it quotes. */
  constructor(cause: unknown) {
    super(
      `an unexpected ${nameOf(cause)}, which is a defect of dms-task-bridge: the log has its stack at level debug`,
      { cause },
    );
  }
}

/** The class of what was thrown, for messages. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** What ends a part of a run. */
export type PartError = SourceError | StoreError | DefectError;

export type StoreFailure = "unavailable" | "corrupt" | "too_large";

/** A record could not be read or written; nothing is delivered that could not be recorded. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code = "STORE_FAILED";
  readonly reason: StoreFailure;

  constructor(reason: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A secret that the configuration refers to could not be read. The code says why; there is no foreign text in it. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
