import { inFlight } from "../../async/in-flight.ts";
import { type AwsCallOptions, type AwsClient, openAws } from "../../aws/client.ts";
import { type ServiceName, services } from "../../aws/services.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult } from "../../core/result.ts";
import { openAgent } from "../../net/agent.ts";
import { adaptiveBatch } from "../http/adaptive-batch.ts";
import type { BatchLimits, Sink, SinkDeps } from "../sink.ts";
import { awsRefusal } from "./results.ts";

/** Service-specific part of an AWS sink. */
export interface AwsSink {
  readonly service: ServiceName;
  /** @default the environment's region; the endpoint likewise */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Proxy URL; false disables proxies. @default the environment's */
  readonly proxy?: string | false | undefined;
  /** Time limit of one attempt, milliseconds. */
  readonly timeoutMs: number;
  readonly batch: BatchLimits;
  /** Sends one request, or one per event; returns a result per event. @throws AwsError when no event was accepted */
  send(
    aws: AwsClient,
    events: readonly CloudEvent[],
    attempt: AwsCallOptions,
  ): Promise<readonly DeliveryResult[]>;
}

/** A sink that makes signed calls. Reads no key and opens no connection before its first delivery. */
export function awsSink(name: SinkName, kind: AwsSink, deps: SinkDeps): Sink {
  const { service, region, endpoint, proxy, timeoutMs } = kind;
  const env = awsEnvironment({ service, region, endpoint }, deps.environment);
  const agent = openAgent({ proxy }, deps);
  const aws = openAws({ env, dispatcher: agent.dispatcher, clock: deps.clock, random: deps.random });
  // A delivery that still waits for its key has no request that the agent could wait for.
  const { track, close } = inFlight(agent.close);
  const batch = adaptiveBatch(kind.batch.maxEvents);

  const attempt = async (
    events: readonly CloudEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryResult[]> => {
    try {
      // No retries here: delivery/ decides on them.
      const results = await kind.send(aws, events, { signal, timeoutMs, maxAttempts: 1 });
      batch.grow();
      return results;
    } catch (error) {
      const refusal = awsRefusal(error);
      const mayBeOneEvents = refusal.kind === "permanent" || refusal.reason === "rejected";
      return mayBeOneEvents ? batch.refuse(refusal, events.length) : events.map(() => refusal);
    }
  };

  return {
    name,
    get batch() {
      return { ...kind.batch, maxEvents: batch.maxEvents };
    },
    deliver: async (events, { signal }) => (events.length === 0 ? [] : track(attempt(events, signal))),
    close,
  };
}

/** The environment with the sink's own region and endpoint. */
export const awsEnvironment = (
  { service, region, endpoint }: Pick<AwsSink, "service" | "region" | "endpoint">,
  environment: SinkDeps["environment"],
): SinkDeps["environment"] => ({
  ...environment,
  ...(region && { AWS_REGION: region }),
  ...(endpoint && { [`AWS_ENDPOINT_URL_${services[service].variable}`]: endpoint }),
});

/** Batch limits of a service that takes one event per request. */
export const oneByOne = {
  batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
  /** Calls `send` per event: accepted unless it throws AwsError. */
  each:
    (send: (aws: AwsClient, event: CloudEvent, attempt: AwsCallOptions) => Promise<void>): AwsSink["send"] =>
    (aws, events, attempt) =>
      Promise.all(
        events.map((event) =>
          send(aws, event, attempt).then((): DeliveryResult => ({ kind: "accepted" }), awsRefusal),
        ),
      ),
};
