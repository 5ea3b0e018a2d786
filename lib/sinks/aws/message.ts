import { hash } from "node:crypto";
import type { CloudEvent } from "../../change/event.ts";

/** The event as JSON text for SQS and SNS; escapes the two characters that XML 1.0 forbids and JSON leaves in. */
export const messageText = (event: CloudEvent): string =>
  JSON.stringify(event).replace(/[\ufffe\uffff]/g, (character) =>
    character === "\ufffe" ? "\\ufffe" : "\\uffff",
  );

const notInXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Message attributes by name, for subscribers' filters. Empty values are left out: AWS forbids them. */
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

/** FIFO ids: one group per task keeps its order; the deduplication id drops repeats for five minutes. */
export const fifoFields = ({ id, subject }: CloudEvent) => ({
  MessageGroupId: fifoToken(subject),
  MessageDeduplicationId: fifoToken(id),
});

/** The text if it fits FIFO's limits for ids (128 printable ASCII characters), else its hash. */
const fifoToken = (text: string): string => (/^[\x21-\x7e]{1,128}$/.test(text) ? text : hash("sha256", text));

/** Limits of SQS and SNS: ten messages a request, each with six attributes and ids beside its text. */
export const batchOf = (maxBytes: number) => ({ maxEvents: 10, maxBytes: maxBytes - 10 * attributeBytes });
const attributeBytes = 1_024;
