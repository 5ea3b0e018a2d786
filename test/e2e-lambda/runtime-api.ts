import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen } from "../harness/servers.ts";

/** What the function's process said of one event. */
export type LambdaOutcome =
  | { readonly kind: "response"; readonly value: unknown }
  | { readonly kind: "error"; readonly errorType: string; readonly errorMessage: string };

export interface LambdaInvocation {
  readonly requestId: string;
  readonly timeoutMs: number;
  /** The timer's where left out. */
  readonly event?: unknown;
}

export interface RuntimeApi {
  /** As AWS_LAMBDA_RUNTIME_API has it. */
  readonly host: string;
  /** Hands out an event, with `timeoutMs` until the platform's deadline. Resolves with what is said of it. */
  invoke(invocation: LambdaInvocation): Promise<LambdaOutcome>;
  /** What was said of a start that failed. */
  readonly initErrors: readonly string[];
  close(): Promise<void>;
}

const scheduled = {
  version: "0",
  id: "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c",
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: "123456789012",
  time: "2026-11-24T12:00:00Z",
  region: "eu-west-1",
  resources: ["arn:aws:events:eu-west-1:123456789012:rule/poll"],
  detail: {},
};

/** Lambda's Runtime API for one container, as far as a runtime client uses it. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const events: { readonly requestId: string; readonly deadlineMs: number; readonly event: unknown }[] = [];
  const outcomes = new Map<string, (outcome: LambdaOutcome) => void>();
  const initErrors: string[] = [];
  let waiting: ServerResponse | null = null;

  function handOut(): void {
    const event = waiting && events.shift();
    if (!(waiting && event)) return;
    waiting.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": event.requestId,
      "lambda-runtime-deadline-ms": String(event.deadlineMs),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:123456789012:function:poll",
      "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
    });
    waiting.end(JSON.stringify(event.event));
    waiting = null;
  }

  // The runtime client tells of an error in a header too, of a mebibyte at most.
  const server = createServer({ maxHeaderSize: 2 * 1_048_576 }, async (request, response) => {
    const [, version, , section, requestId = "", verdict] = request.url?.split("/") ?? [];
    if (version !== "2018-06-01") return void response.writeHead(404).end();
    if (section === "invocation" && requestId === "next") {
      waiting = response;
      return handOut();
    }
    const body = await text(request);
    response.writeHead(202).end();
    if (section === "init") return void initErrors.push(body);
    const told = outcomes.get(requestId);
    outcomes.delete(requestId);
    const value: unknown = JSON.parse(body);
    if (verdict === "response") told?.({ kind: "response", value });
    else told?.({ kind: "error", ...(value as { errorType: string; errorMessage: string }) });
  });
  const { host, close } = await listen(server);
  return {
    host,
    close,
    initErrors,
    invoke: ({ requestId, timeoutMs, event = scheduled }) =>
      new Promise((resolve) => {
        outcomes.set(requestId, resolve);
        events.push({ requestId, deadlineMs: Date.now() + timeoutMs, event });
        handOut();
      }),
  };
}
