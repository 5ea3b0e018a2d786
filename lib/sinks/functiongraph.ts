import * as v from "valibot";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { huaweiEntries, oneByOne, openOperation } from "./huawei/post.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const urnExpectation =
  "a function's URN such as urn:fss:cn-north-4:0123456789abcdef0123456789abcdef:function:default:after-task:latest";
const urnPattern = /^urn:fss:[a-z0-9-]+:[\w-]+:function:[\w-]+:[\w-]+(?::!?[\w.-]+)?$/;

/** Schema of the options of a sink of type `functiongraph`. */
export const schema = v.strictObject({
  functionUrn: described(
    v.pipe(v.string(urnExpectation), v.regex(urnPattern, urnExpectation)),
    "URN of the function, with its version or `!alias` if you like.",
  ),
  ...huaweiEntries("functiongraph"),
});

/** Checked options of a sink of type `functiongraph`. */
export type FunctionGraphOptions = v.InferOutput<typeof schema>;

/** Invokes a function of Huawei Cloud asynchronously for each event, with the event as its input. */
export function create(name: SinkName, options: FunctionGraphOptions, deps: SinkDeps): Sink {
  const [, , region = "", projectId = ""] = options.functionUrn.split(":");
  const path = `/v2/${projectId}/fgs/functions/${options.functionUrn}/invocations-async`;
  return oneByOne(name, openOperation({ service: "functiongraph", region, projectId, path }, options, deps), {
    body: (event) => JSON.stringify(event),
    receipt: "request_id",
  });
}
