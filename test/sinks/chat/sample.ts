import type { CloudEvent } from "../../../lib/change/event.ts";
import type { EventKind } from "../../../lib/change/kind.ts";
import type { Card, CardStyle } from "../../../lib/sinks/chat/card.ts";
import { sampleEvent } from "../sample.ts";

export const plainStyle: CardStyle = { language: "en", timeZone: "UTC", titlePrefix: "", links: {} };

const statuses: Readonly<Record<EventKind, string>> = {
  created: "CREATED",
  executing: "EXECUTING",
  succeeded: "SUCCESS",
  failed: "FAILED",
  cancelled: "CANCELLED",
  deleted: "DELETED",
  overdue: "OVERDUE",
  vanished: "VANISHED",
  unknown: "PAUSED",
  unreadable: "UNREADABLE",
  recovered: "RECOVERED",
};

export const kinds = Object.keys(statuses) as readonly EventKind[];

/** The nth task's event of a kind. */
export function eventOf(
  kind: EventKind,
  number = 1,
  task: Partial<CloudEvent["data"]["task"]> = {},
): CloudEvent {
  const event = sampleEvent(number, task);
  const change = { ...event.data.change, to: statuses[kind] };
  const type =
    kind === "unreadable" || kind === "recovered"
      ? (`com.huaweicloud.dms.stream.${kind}` as const)
      : (`com.huaweicloud.dms.task.${kind}` as const);
  return { ...event, type, data: { ...event.data, change } };
}

/** The same text wherever a task's owner can put one. */
export function foreignEvent(text: string): CloudEvent {
  const event = sampleEvent(1, {
    id: text,
    name: text,
    params: { [text]: text, list: [text] },
    user: { id: text, name: text },
  });
  const change = { ...event.data.change, from: text, to: text };
  const instance = { ...event.data.instance, instanceId: text, name: text };
  return { ...event, data: { ...event.data, change, instance } };
}

/** A card written by hand, so that what renders it is tested apart from what makes it. */
export const sampleCard: Card = {
  tone: "failure",
  glyph: "❌",
  title: "resize failed",
  subtitle: "kafka · orders · cn-north-4",
  transition: "EXECUTING → FAILED in 5 s",
  body: [],
  facts: [
    { label: "Operator", value: "li.wei" },
    { label: "public_ip", value: "203.0.113.9" },
    { label: "Reason", value: "no quota" },
  ],
  hidden: 0,
  links: [{ label: "Console", url: "https://console.example.com/?i=1" }],
  footer: "task t-1",
  plainText: "❌ resize failed · kafka · orders · cn-north-4 · EXECUTING → FAILED in 5 s",
};

export const injections = [
  "<!channel> <@U1> <#C1> @everyone @here @all <@all> <https://evil.example|x>",
  '<at id=all></at> <at user_id="all">a</at> <at>all</at> <font color="warning">x</font>',
  "[x](javascript:1) [x](https://evil.example) ![x](https://evil.example/p.png) https://evil.example",
  "*a* _b_ ~c~ ~~d~~ **e** `f` ```g``` > h # i - j ||k|| \\",
  "a\n# b\r\n> c\u2028d\u0000e\u001b[2Jf",
  "\u202eright to left\u2066 &lt;!channel&gt; &amp; {{DATE(2026-01-01T00:00:00Z)}} :smile:",
  "\ud800 half \udc00",
] as const;
