import { inFlight } from "../../async/in-flight.ts";
import { type AwsCallOptions, type AwsClient, openAws } from "../../aws/client.ts";
import { type ServiceName, services } from "../../aws/services.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult } from "../../core/result.ts";
import { openAgent } from "../../net/agent.ts";
import type { BatchLimits, Sink, SinkDeps } from "../sink.ts";
import { awsRefusal } from "./results.ts";

/** What makes a sink on AWS differ from the others. */
export interface AwsSink {
  readonly service: ServiceName;
  /** The environment's where left out, as for the endpoint. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** The environment's where left out; false for none. */
  readonly proxy?: string | false | undefined;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly batch: BatchLimits;
  /** One request, or one for each event; a result for each. @throws AwsError when none of them was taken */
  send(
    aws: AwsClient,
    events: readonly CloudEvent[],
    attempt: AwsCallOptions,
  ): Promise<readonly DeliveryResult[]>;
}

/** A sink that makes signed calls. Reads no key and connects to nothing before its first delivery. */
export function awsSink(name: SinkName, kind: AwsSink, deps: SinkDeps): Sink {
  const { service, region, endpoint, proxy, timeoutMs } = kind;
  const env = awsEnvironment({ service, region, endpoint }, deps.environment);
  const agent = openAgent({ proxy }, deps);
  const aws = openAws({ env, dispatcher: agent.dispatcher, clock: deps.clock, random: deps.random });
  // A delivery that still waits for its key has no request yet that the agent could wait for.
  const { track, close } = inFlight(agent.close);
  let maxEvents = kind.batch.maxEvents;

  /**
   * A batch that is refused for what it holds, or for what nobody knows, says little of its events: one of them may be
   * at fault. So `retry` is the answer, and the next goes alone, where the refusal counts; with each delivery that passes
   * one more may go along.
   */
  const attempt = async (
    events: readonly CloudEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryResult[]> => {
    try {
      // Repeating is for delivery/ to decide.
      const results = await kind.send(aws, events, { signal, timeoutMs, maxAttempts: 1 });
      maxEvents = Math.min(kind.batch.maxEvents, maxEvents + 1);
      return results;
    } catch (error) {
      const refusal = awsRefusal(error);
      const mayBeOneEvents = refusal.kind === "permanent" || refusal.reason === "rejected";
      if (!mayBeOneEvents || events.length === 1) return events.map(() => refusal);
      maxEvents = 1;
      return events.map(() => ({ ...refusal, kind: "retry" }));
    }
  };

  return {
    name,
    get batch() {
      return { ...kind.batch, maxEvents };
    },
    deliver: async (events, { signal }) => (events.length === 0 ? [] : track(attempt(events, signal))),
    close,
  };
}

/** The environment with the region and endpoint that a sink's options set. */
export const awsEnvironment = (
  { service, region, endpoint }: Pick<AwsSink, "service" | "region" | "endpoint">,
  environment: SinkDeps["environment"],
): SinkDeps["environment"] => ({
  ...environment,
  ...(region && { AWS_REGION: region }),
  ...(endpoint && { [`AWS_ENDPOINT_URL_${services[service].variable}`]: endpoint }),
});

/** For a service that takes one event a request. */
export const oneByOne = {
  batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
  /** `send` of one event for several: it throws AwsError, or the event is accepted. */
  each:
    (send: (aws: AwsClient, event: CloudEvent, attempt: AwsCallOptions) => Promise<void>): AwsSink["send"] =>
    (aws, events, attempt) =>
      Promise.all(
        events.map((event) =>
          send(aws, event, attempt).then((): DeliveryResult => ({ kind: "accepted" }), awsRefusal),
        ),
      ),
};
