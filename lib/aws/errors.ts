/** Why a call to AWS failed, as far as callers act on it. */
export type AwsFailure =
  | "unconfigured"
  | "unauthorized"
  | "throttled"
  | "unavailable"
  | "malformed"
  | "rejected";

/** A call to AWS failed. The message names the call and the code only: AWS's own sentences may quote a signed request. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly reason: AwsFailure;
  /** AWS's code, such as `ParameterNotFound`, or ours, such as `NO_CREDENTIALS`, when there was no response. */
  readonly code: string;
  /** HTTP status of the response; null without one. */
  readonly status: number | null;

  constructor(
    reason: AwsFailure,
    code: string,
    message: string,
    options: ErrorOptions & { readonly status?: number } = {},
  ) {
    super(`${message} (${code})`, options);
    this.reason = reason;
    this.code = code;
    this.status = options.status ?? null;
  }
}
