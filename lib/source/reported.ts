import type { Clock } from "../core/clock.ts";
import { SourceError, type SourceFailure } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { SendApiRequest } from "./http.ts";

/** One request to the DMS API or to IAM. */
export interface RequestReport {
  /** The API's name of the call, for example ListBackgroundTasks. */
  readonly operation: string;
  /** The stream that was read; null for lists of instances and for tokens. */
  readonly stream: StreamKey | null;
  /** Epoch milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** HTTP status; null when no response came. */
  readonly status: number | null;
  /** Why it failed; null when it succeeded. */
  readonly failure: SourceFailure | "defect" | null;
}

/** Wraps `send` and reports each request as it ends. */
export function reporting(
  send: SendApiRequest,
  clock: Clock,
  requested: (request: RequestReport) => void,
): SendApiRequest {
  return async (outgoing, options) => {
    const startedMs = clock.now();
    let status: number | null = null;
    const report = (failure: RequestReport["failure"]): void => {
      const { operation, stream = null } = outgoing;
      requested({ operation, stream, startedMs, endedMs: clock.now(), status, failure });
    };
    const answered = (given: number): void => {
      status = given;
      outgoing.answered?.(given);
    };
    try {
      const answer = await send({ ...outgoing, answered }, options);
      report(null);
      return answer;
    } catch (error) {
      report(error instanceof SourceError ? error.reason : "defect");
      throw error;
    }
  };
}
