import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { oneLine } from "../text/one-line.ts";
import { huaweiEntries, oneByOne, openOperation } from "./huawei/post.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const urnExpectation = "a topic's URN such as urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:dms-tasks";

/** Schema of the options of a sink of type `smn`. */
export const schema = v.strictObject({
  topicUrn: described(
    v.pipe(v.string(urnExpectation), v.regex(/^urn:smn:[a-z0-9-]+:[\w-]+:[\w-]{1,255}$/, urnExpectation)),
    "URN of the topic.",
  ),
  ...huaweiEntries("smn"),
});

/** Checked options of a sink of type `smn`. */
export type SmnOptions = v.InferOutput<typeof schema>;

/** Publishes each event to a topic of Huawei Cloud's notification service. */
export function create(name: SinkName, options: SmnOptions, deps: SinkDeps): Sink {
  const [, , region = "", projectId = ""] = options.topicUrn.split(":");
  const path = `/v2/${projectId}/notifications/topics/${options.topicUrn}/publish`;
  return oneByOne(name, openOperation({ service: "smn", region, projectId, path }, options, deps), {
    body: (event) => JSON.stringify({ subject: subjectOf(event), message: JSON.stringify(event) }),
    receipt: "message_id",
  });
}

/** Mail subject, at most 512 bytes. */
const subjectOf = ({ data: { task, change, instance } }: CloudEvent): string =>
  oneLine(`${task.name} ${change.to}: ${instance.name ?? instance.instanceId}`, 128);
