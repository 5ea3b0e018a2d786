import { eventSchemaId } from "./event.ts";

const text = { type: "string" } as const;
const filled = { type: "string", minLength: 1 } as const;
const optionalText = { type: ["string", "null"] } as const;
const instant = { type: "string", format: "date-time" } as const;

/** JSON Schema of an event's `data`, named by every event's `dataschema`. */
const dataSchema = {
  $id: eventSchemaId,
  title: "Change of a DMS background task",
  type: "object",
  required: ["task", "change", "instance"],
  properties: {
    task: {
      description: "The task as the API showed it.",
      type: "object",
      required: ["id", "name", "status", "params", "user", "createdAt", "updatedAt"],
      properties: {
        id: filled,
        name: text,
        status: {
          ...filled,
          description: "The status as the API names it; values beyond the documented ones may come.",
        },
        params: {
          description:
            "The task's parameters, parsed, with secrets masked and numbers as the API wrote them; null when it has none. Over 16 KiB: { truncated: true, characters, beginning }.",
        },
        user: {
          description: "The IAM user who started the task.",
          type: "object",
          required: ["id", "name"],
          properties: { id: optionalText, name: optionalText },
        },
        createdAt: instant,
        updatedAt: instant,
      },
    },
    change: {
      type: "object",
      required: ["from", "to", "durationMs", "observedAt"],
      properties: {
        from: {
          ...optionalText,
          description: "Null for a task seen for the first time; VANISHED for one that the API shows again.",
        },
        to: { ...filled, description: "The new status; OVERDUE or VANISHED for changes beyond status." },
        durationMs: {
          type: "integer",
          minimum: 0,
          description: "From the task's creation to this change, milliseconds.",
        },
        usualMs: {
          type: "integer",
          minimum: 0,
          description:
            "How long the last successful tasks of this name took on this instance (their median), milliseconds; left out while fewer than three are known.",
        },
        observedAt: { ...instant, description: "When the bridge saw the change." },
      },
    },
    instance: {
      type: "object",
      required: ["engine", "region", "projectId", "instanceId"],
      properties: {
        engine: { enum: ["rabbitmq", "kafka", "rocketmq", "dcs"] },
        region: filled,
        projectId: filled,
        instanceId: filled,
        name: text,
      },
    },
  },
} as const;

/** JSON Schema (2020-12) of a whole event in structured mode. Receivers must accept additional properties. */
export const eventJsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:dms-task-bridge:schema:cloudevent:1",
  title: "dms-task-bridge event",
  type: "object",
  required: [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "partitionkey",
    "data",
  ],
  properties: {
    specversion: { const: "1.0" },
    id: {
      ...filled,
      description:
        "{instance}/{task}/{STATUS}/{updated_at as epoch ms}, with the creation where there is no updated_at: the same in every retry and replay.",
    },
    source: { ...filled, format: "uri", description: "The API resource of the instance." },
    type: {
      type: "string",
      pattern:
        "^com\\.huaweicloud\\.dms\\.(task\\.(created|executing|succeeded|failed|cancelled|deleted|overdue|vanished|unknown)|stream\\.(unreadable|recovered))$",
    },
    subject: { ...filled, description: "The task's id." },
    time: { ...instant, description: "The task's updated_at, or its creation where the API gave none." },
    datacontenttype: { const: "application/json" },
    dataschema: { const: eventSchemaId },
    partitionkey: { ...filled, description: "The task's id." },
    traceparent: {
      type: "string",
      pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$",
      description: "The event's trace in W3C's format, where `events.traceparent` is on.",
    },
    data: dataSchema,
  },
} as const;
