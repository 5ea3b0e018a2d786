import { hash } from "node:crypto";
import type { CloudEvent } from "../../change/event.ts";

/** The event as text that SQS and SNS take: JSON has escaped all but two of the characters that XML 1.0 forbids. */
export const messageText = (event: CloudEvent): string =>
  JSON.stringify(event).replace(/[\ufffe\uffff]/g, (character) =>
    character === "\ufffe" ? "\\ufffe" : "\\uffff",
  );

const notInXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** What subscribers filter on, by name. None is empty, which no attribute may be. */
export function messageAttributes({ type, data }: CloudEvent): Readonly<Record<string, string>> {
  const { task, instance } = data;
  const attributes = {
    type,
    status: task.status,
    task_name: task.name,
    engine: instance.engine,
    region: instance.region,
    instance: instance.instanceId,
  };
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, value.toWellFormed().replace(notInXml, "\ufffd")]),
  );
}

/** What makes a FIFO queue or topic keep a task's events in order, and drop a repeat for five minutes. */
export const fifoFields = ({ id, subject }: CloudEvent) => ({
  MessageGroupId: fifoToken(subject),
  MessageDeduplicationId: fifoToken(id),
});

/** A text within FIFO's limits for its ids: itself where it fits, else its hash. */
const fifoToken = (text: string): string => (/^[\x21-\x7e]{1,128}$/.test(text) ? text : hash("sha256", text));

/** Of SQS and SNS: ten messages a request. Each has six attributes and ids beside its text. */
export const batchOf = (maxBytes: number) => ({ maxEvents: 10, maxBytes: maxBytes - 10 * attributeBytes });
const attributeBytes = 1_024;
