import { hash } from "node:crypto";
import type { Options } from "amqplib";
import type { CloudEvent } from "../../change/event.ts";

/** AMQP 0-9-1's limit for a routing key and for each message id, bytes. */
export const maxShortTextBytes = 255;

/**
 * A message's properties. Header names follow the CloudEvents binding of AMQP 1.0, since RabbitMQ turns headers into
 * AMQP 1.0 application properties; the body is the whole event.
 */
export function messageProperties(event: CloudEvent): Options.Publish & { readonly messageId: string } {
  const { data, datacontenttype, ...attributes } = event;
  const named = Object.entries(attributes).map(([name, value]) => [`cloudEvents_${name}`, value] as const);
  return {
    contentType: "application/cloudevents+json",
    contentEncoding: "utf-8",
    headers: Object.fromEntries(named),
    messageId: shortText(event.id),
    type: event.type,
    // Seconds, as AMQP defines it.
    timestamp: Math.floor(Date.parse(event.time) / 1_000),
    appId: "dms-task-bridge",
    persistent: true,
    mandatory: true,
  };
}

/** The text if it fits, else its hash. */
const shortText = (text: string): string =>
  Buffer.byteLength(text) <= maxShortTextBytes ? text : hash("sha256", text);
