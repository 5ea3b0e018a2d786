import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../core/clock.ts";
import type { DeliveryResult } from "../../core/result.ts";
import type { MailContent } from "./content.ts";

/** A mail as it goes over the wire. */
export interface MailMessage {
  /** Message id, identical in each repeat. */
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  /** MIME, with all headers. */
  readonly message: Buffer;
}

/** Hands mails to the mail system. */
export interface Carrier {
  /** Makes one attempt. */
  carry(message: MailMessage, call: CallOptions): Promise<DeliveryResult>;
  /** Frees connections; called when nothing is in flight any more. */
  close(): Promise<void>;
}

/** Sender and recipients of a mail. */
export interface Addresses {
  readonly from: string;
  readonly to: readonly string[];
}

/**
 * The mail for `events`. A repeat carries the same Message-ID, and all mails of a task refer to one
 * thread. `nowMs` is its date.
 */
export async function mailMessageOf(
  content: MailContent,
  events: readonly CloudEvent[],
  { from, to }: Addresses,
  nowMs: number,
): Promise<MailMessage> {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const mark = hashOf(events.map(({ id }) => id).join("\n"));
  const thread = threadOf(events);
  const composer = new MailComposer({
    ...content,
    from,
    to: [...to],
    messageId: `<${mark}.change@${domain}>`,
    ...(thread === null
      ? {}
      : { inReplyTo: `<${thread}.task@${domain}>`, references: `<${thread}.task@${domain}>` }),
    date: new Date(nowMs),
    // Asks mail systems not to send out-of-office replies.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    baseBoundary: mark,
    // CRLF throughout: the SMTP client would fix bare line feeds, but SES takes the bytes as they are.
    newline: "windows",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { id: mark, from, to, message: await composer.compile().build() };
}

/** Thread id: equal for all changes of a task, in any order; null for a digest. */
function threadOf([event, ...others]: readonly CloudEvent[]): string | null {
  if (!event || others.length > 0) return null;
  const { task, instance } = event.data;
  return hashOf(`${instance.instanceId}\n${task.id}`);
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
