import * as v from "valibot";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { arnField, arnRegion, awsEntries } from "./aws/options.ts";
import { awsSink, oneByOne } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const functionName = "[\\w-]{1,64}(?::[\\w$-]{1,128})?";

/** Schema of the options of a sink of type `lambda`. */
export const schema = v.strictObject({
  function: described(
    arnField("lambda", `function:${functionName}`, "the name of a function or its ARN", functionName),
    "Name or ARN of the function, with `:alias` or `:version` if you like.",
  ),
  ...awsEntries,
});

/** Checked options of a sink of type `lambda`. */
export type LambdaOptions = v.InferOutput<typeof schema>;

/**
 * Invokes a function asynchronously for each event; accepted once Lambda has queued it (status 202).
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function create(name: SinkName, options: LambdaOptions, deps: SinkDeps): Sink {
  const path = `/2015-03-31/functions/${encodeURIComponent(options.function)}/invocations`;
  const headers = { "x-amz-invocation-type": "Event" };
  return awsSink(
    name,
    {
      service: "lambda",
      region: options.region ?? arnRegion(options.function),
      endpoint: options.endpoint,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      batch: oneByOne.batch,
      send: oneByOne.each(async (aws, event, attempt) => {
        const body = JSON.stringify(event);
        await aws.send("lambda", { operation: "Invoke", path, headers, body, success: 202 }, attempt);
      }),
    },
    deps,
  );
}
