import type { Dispatcher } from "undici";
import type { CallOptions } from "../core/clock.ts";
import { brokeOff, exchange, headerOf, isCallersEnd, OutOfTime } from "../net/exchange.ts";
import { networkFailure } from "../net/network-errors.ts";
import { AwsError } from "./errors.ts";

/** One HTTP request and its time limit. */
export interface SignedRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Time limit to the last byte of the response, milliseconds. */
  readonly timeoutMs: number;
}

/** A response of AWS. */
export interface AwsResponse {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

/** Larger than any response of the services used: DynamoDB's limit is 16 MiB. */
const maxBodyBytes = 16 * 1_048_576;

/** Code of a success whose body could not be read: the call may have taken effect. */
export const unreadableCode = "UNREADABLE_ANSWER";

/** Makes one attempt. `call` names it in messages. @throws AwsError without a complete response */
export async function ask(
  dispatcher: Dispatcher,
  call: string,
  { method, url, headers, body, timeoutMs }: SignedRequest,
  options: CallOptions,
): Promise<AwsResponse> {
  const { origin, pathname, search } = url;
  const outgoing = { origin, path: pathname + search, method, headers, body, timeoutMs, maxBodyBytes };
  const response = await exchange(dispatcher, { ...outgoing, isStatusEnough: true }, options).catch(
    (error: unknown) => {
      if (error instanceof OutOfTime)
        throw new AwsError("unavailable", "TIMEOUT", `${call}: no complete response within ${timeoutMs} ms`);
      if (isCallersEnd(error, options))
        throw new AwsError("unavailable", "ABORTED", `${call}: time ran out before a response`);
      throw networkAwsError(call, error) ?? error;
    },
  );
  const { status, text, cut } = response;
  if (cut !== null) {
    const reason = cut === brokeOff ? "unavailable" : "malformed";
    const code = status < 300 ? unreadableCode : "UNREADABLE_REFUSAL";
    throw new AwsError(reason, code, `${call}: HTTP ${status} with ${cut}`, { status });
  }
  return { status, header: (name) => headerOf(response, name), text };
}

/** Maps an error that a network can cause; null for any other, which is a defect. */
function networkAwsError(call: string, error: unknown): AwsError | null {
  const failure = networkFailure(error);
  if (!failure) return null;
  const reason = failure.fault === "barred" ? "unauthorized" : "unavailable";
  return new AwsError(reason, failure.code ?? "NOT_HTTP", `${call}: ${failure.problem}`, { cause: error });
}
