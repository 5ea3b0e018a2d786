import { hash } from "node:crypto";
import * as v from "valibot";
import { AwsError } from "../aws/errors.ts";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { arnField, arnRegion, awsEntries } from "./aws/options.ts";
import { awsSink, oneByOne } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

/** Schema of the options of a sink of type `stepfunctions`. */
export const schema = v.strictObject({
  stateMachineArn: described(
    arnField(
      "states",
      "stateMachine:[\\w-]+(?::[\\w-]+)?",
      "an ARN such as arn:aws:states:eu-west-1:123456789012:stateMachine:after-resize",
    ),
    "ARN of the state machine, or of one of its versions or aliases.",
  ),
  ...awsEntries,
});

/** Checked options of a sink of type `stepfunctions`. */
export type StepFunctionsOptions = v.InferOutput<typeof schema>;

/** Starts one execution per event, with the event as its input. */
export const create = (name: SinkName, options: StepFunctionsOptions, deps: SinkDeps): Sink =>
  awsSink(
    name,
    {
      service: "states",
      region: options.region ?? arnRegion(options.stateMachineArn),
      endpoint: options.endpoint,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      batch: oneByOne.batch,
      send: oneByOne.each(async (aws, event, attempt) => {
        const body = {
          stateMachineArn: options.stateMachineArn,
          name: executionName(event),
          input: JSON.stringify(event),
        };
        try {
          const response = await aws.call("states", "StartExecution", body, attempt);
          if (!v.is(started, response)) throw new AwsError("malformed", "NO_EXECUTION", notStarted);
        } catch (error) {
          // The name derives from the event's id, so this event has already started it.
          if (!(error instanceof AwsError && error.code === "ExecutionAlreadyExists")) throw error;
        }
      }),
    },
    deps,
  );

const started = v.object({ executionArn: v.pipe(v.string(), v.nonEmpty()) });
const notStarted = "states StartExecution: the response names no execution";

const maxNameCharacters = 80;
const hashCharacters = 32;

/** Execution name: readable parts first, then a hash that makes it unique to the event. */
function executionName({ id, subject, data }: CloudEvent): string {
  const readable = `${subject}-${data.change.to}`.replace(/[^\w-]/g, "_");
  return `${readable.slice(0, maxNameCharacters - hashCharacters - 1)}-${hash("sha256", id).slice(0, hashCharacters)}`;
}
