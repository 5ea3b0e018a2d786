import type { CloudEvent } from "./event.ts";
import { eventJsonSchema } from "./event-schema.ts";
import { sampleEvent, sampleStatuses } from "./sample.ts";

/** When an event of each type is emitted, in Markdown. */
const summaries: Readonly<Record<CloudEvent["type"], string>> = {
  "com.huaweicloud.dms.task.created": "the task is CREATED",
  "com.huaweicloud.dms.task.executing": "the task is EXECUTING",
  "com.huaweicloud.dms.task.succeeded": "the task has ended with SUCCESS",
  "com.huaweicloud.dms.task.failed": "the task has ended with FAILED",
  "com.huaweicloud.dms.task.cancelled": "the task has ended with CANCELLED",
  "com.huaweicloud.dms.task.deleted": "the task has ended with DELETED",
  "com.huaweicloud.dms.task.overdue":
    "the task is open longer than the source's `overdue` allows for its name; emitted once",
  "com.huaweicloud.dms.task.vanished":
    "the task was open, and in two polls a minute apart the API did not know it",
  "com.huaweicloud.dms.task.unknown":
    "the task's status is a word this version does not know; `data.task.status` has it",
  "com.huaweicloud.dms.stream.unreadable":
    "the instance's tasks could not be read for `unreadableAfter`; emitted once an outage",
  "com.huaweicloud.dms.stream.recovered":
    "the instance's tasks can be read again after an outage with such an event",
};

/** One type of events. */
export interface EventType {
  readonly type: CloudEvent["type"];
  /** When such an event is emitted, in Markdown. */
  readonly summary: string;
  readonly example: CloudEvent;
}

const exampleMs = Date.UTC(2026, 0, 1, 12, 0, 5);

/** All types of events with an example each, those of tasks first. */
export const eventTypes: readonly EventType[] = sampleStatuses.map((status) => {
  const example = sampleEvent(exampleMs, status);
  return { type: example.type, summary: summaries[example.type], example };
});

/** An AsyncAPI 3.0 document of all events: one channel, and a message for each type, by the events' JSON Schema. */
export function asyncApiDocument() {
  const { $schema: _, $id: __, ...event } = eventJsonSchema;
  return {
    asyncapi: "3.0.0",
    info: {
      title: "dms-task-bridge events",
      // The version of the events' format, as in their `dataschema`.
      version: "1.0.0",
      description:
        "Status changes of Huawei Cloud DMS background tasks, each a CloudEvent 1.0 in structured mode. Delivered at least once: a repeated event has the same `id`. Types and properties may be added.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/cloudevents+json",
    channels: {
      events: {
        address: null,
        description: "A webhook, queue or topic: any sink of the configuration that takes whole events.",
        messages: Object.fromEntries(
          eventTypes.map(({ type }) => [type, reference("messages", type)] as const),
        ),
      },
    },
    operations: {
      sendEvent: { action: "send", channel: { $ref: "#/channels/events" }, summary: "Delivers a change." },
    },
    components: {
      messages: Object.fromEntries(eventTypes.map((each) => [each.type, messageOf(each)] as const)),
      schemas: { event },
    },
  } as const;
}

const messageOf = ({ type, summary, example }: EventType) => ({
  name: type,
  summary,
  payload: { allOf: [reference("schemas", "event"), { properties: { type: { const: type } } }] },
  examples: [{ payload: example }],
});

const reference = (section: "messages" | "schemas", name: string) => ({
  $ref: `#/components/${section}/${name}`,
});
