import type { BreakerState } from "../checkpoint/checkpoint.ts";
import type { SourceFailure } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import type { FailureReason } from "../core/result.ts";

const byItself = "nothing: its deliveries wait and are sent when it accepts them again";

/** Advice to the operator, by the reason of the refusal. */
const sinkActions: Readonly<Record<FailureReason, string>> = {
  timeout: byItself,
  network: byItself,
  server_error: byItself,
  throttled: `${byItself}; a lower rate of the sink avoids it`,
  unauthorized: "renew the sink's credentials or rights",
  not_found: "correct the address: nothing is there",
  gone: "correct the address: it was deleted",
  redirected: "write the address that it redirects to into the configuration",
  refused_address: "correct the address, or set allowPrivateNetwork",
  unroutable: "bind a queue, or create the topic or stream",
  too_large: "raise the platform's limit of a message",
  rejected: "correct what the message names",
  defect: "run with --log-level debug, and report it as a defect",
};

/** Advice about a sink that refuses deliveries. */
export function sinkAction(sink: SinkName, { kind, reason }: Pick<BreakerState, "kind" | "reason">): string {
  const action = sinkActions[reason];
  if (kind !== "blocked") return action;
  const step = action.startsWith("nothing") ? "correct what the message names" : action;
  return `${step}, then try it: dms-task-bridge sink test ${sink}`;
}

const readAgain = "nothing: the stream is read again in the next run";

/** Advice to the operator, by the source's reason or an error's code. */
const streamActions: Readonly<Record<SourceFailure | "STORE_FAILED" | "DEFECT", string>> = {
  unauthorized: "correct or renew the access key of the source",
  forbidden: "grant the source's user the right to list the instance's background tasks",
  not_found: "correct the region, project and instance id, or remove an instance that was deleted",
  throttled: `${readAgain}; a longer interval avoids it`,
  unavailable: `${readAgain}; if it stays, check the endpoint and the network`,
  malformed: "check the endpoint: the response is not the API's",
  rejected: "correct what the message names",
  STORE_FAILED: "restore the store: dms-task-bridge doctor checks it",
  DEFECT: "run with --log-level debug, and report it as a defect",
};

/** Advice about a stream that cannot be read or recorded. */
export const streamAction = (code: string): string =>
  Object.hasOwn(streamActions, code)
    ? streamActions[code as keyof typeof streamActions]
    : streamActions.rejected;
