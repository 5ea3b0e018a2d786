/** Why a call to AWS failed, as far as it decides what to do. */
export type AwsFailure =
  | "unconfigured"
  | "unauthorized"
  | "throttled"
  | "unavailable"
  | "malformed"
  | "rejected";

/** A call to AWS failed. The message names the call and the code; AWS's own sentences may quote a signed request. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly reason: AwsFailure;
  /** AWS's code, such as `ParameterNotFound`; one of ours, such as `NO_CREDENTIALS`, where no answer came. */
  readonly code: string;

  constructor(reason: AwsFailure, code: string, message: string, options?: ErrorOptions) {
    super(`${message} (${code})`, options);
    this.reason = reason;
    this.code = code;
  }
}
