import type { CloudEvent } from "../../change/event.ts";
import type { EventKind } from "../../change/kind.ts";
import { type Link, linksOf } from "./links.ts";
import { maxNameCharacters, name, sanitize, shorten } from "./sanitize.ts";
import { taskNameFor } from "./task-names.ts";
import { type Language, type Lasting, spanText, timeText, type Words, words } from "./text.ts";

/** A card's colour by meaning. */
export type Tone = "running" | "success" | "failure" | "attention" | "quiet";

/** A labelled value on a card. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  /** The instant that the value shows, epoch milliseconds, for platforms that write it in the reader's own time. */
  readonly atMs?: number;
  /** In a digest over several instances, the instance of this change. */
  readonly group?: string;
}

/** A chat message's content, independent of the platform. All texts are on one line and safe as plain text. */
export interface Card {
  readonly tone: Tone;
  readonly glyph: string;
  /** Title without the glyph. */
  readonly title: string;
  readonly subtitle: string;
  /** `Took 5 s, usually 4 s`; empty in a digest. */
  readonly transition: string;
  /** Lines from the sink's own template, which replace the facts; empty without a template. */
  readonly body: readonly string[];
  /** Most important first. A digest has one fact per change. */
  readonly facts: readonly Fact[];
  /** Number of facts left out for lack of room. */
  readonly hidden: number;
  readonly links: readonly Link[];
  readonly footer: string;
  /** The whole card in one line, for notifications. */
  readonly plainText: string;
}

/** A sink's options for its cards. */
export interface CardStyle {
  readonly language: Language;
  /** IANA time zone. */
  readonly timeZone: string;
  readonly titlePrefix: string;
  /** URL templates by label. @default Huawei Cloud's console, where its address is known */
  readonly links?: Readonly<Record<string, string>> | undefined;
}

/** Texts from a sink's template; a missing or empty text keeps the card's own. */
export interface OwnTexts {
  readonly title?: string;
  readonly body?: string;
}

const maxBodyLines = 20;
const maxBodyCharacters = 1_000;
const maxValueCharacters = 300;
const maxParams = 12;
/** Below this typical duration a multiple is noise: polls and statuses are accurate to one second. */
const leastUsualMs = 1_000;

/** Tone and glyph of each kind of event. */
export const looks: Readonly<Record<EventKind, { readonly tone: Tone; readonly glyph: string }>> = {
  created: { tone: "running", glyph: "🆕" },
  executing: { tone: "running", glyph: "⏳" },
  succeeded: { tone: "success", glyph: "✅" },
  failed: { tone: "failure", glyph: "❌" },
  cancelled: { tone: "quiet", glyph: "🚫" },
  deleted: { tone: "quiet", glyph: "🧹" },
  overdue: { tone: "attention", glyph: "⏰" },
  vanished: { tone: "attention", glyph: "👻" },
  unknown: { tone: "attention", glyph: "❔" },
  unreadable: { tone: "failure", glyph: "🔇" },
  recovered: { tone: "success", glyph: "🔊" },
};

/** The card of one change. */
export function cardOf(event: CloudEvent, style: CardStyle, own: OwnTexts = {}): Card {
  const text = words[style.language];
  const { task, change } = event.data;
  const { tone, glyph } = looks[kindOf(event)];
  const title = `${style.titlePrefix}${name(own.title ?? "") || `${titleOf(event, style.language)} · ${instanceText(event)}`}`;
  const body = bodyLines(own.body ?? "");
  const transition =
    [durationOf(event, text), beforeOf(event, text)].filter(Boolean).join(" · ") || text.firstSeen;
  const place = placeOf(event);
  // A change other than a status change lasts until the poll that sees it.
  const seenMs = Date.parse(change.observedAt) - Date.parse(task.createdAt) - change.durationMs;
  return {
    tone,
    glyph,
    title,
    subtitle: place,
    transition,
    body,
    facts: body.length > 0 ? [] : factsOf(event, style),
    hidden: 0,
    links: linksOf(event, style.links, text.console),
    footer: [
      ...(taskNameFor(task.name, style.language) === null ? [] : [name(task.name)]),
      text.task(name(task.id)),
      ...(seenMs >= 1_000 ? [text.seen(spanText(seenMs, text))] : []),
    ].join(" · "),
    plainText: `${glyph} ${title} · ${place} · ${transition}`,
  };
}

/** Names the sink's own texts that are longer than a card allows. */
export const cutTexts = ({ title = "", body = "" }: OwnTexts): readonly (keyof OwnTexts)[] => [
  ...(sanitize(title).length > maxNameCharacters ? (["title"] as const) : []),
  ...(body.length > maxBodyCharacters || body.split(/\r?\n/).filter(sanitize).length > maxBodyLines
    ? (["body"] as const)
    : []),
];

/** Labels of the links that do not fit into a message of the card; none for a digest. */
export function lostLinks(card: Card, labels: readonly string[], message: string): readonly string[] {
  if (card.transition === "") return [];
  const sent = new Set(
    card.links
      .filter(({ url }) => holdsUrl(message, url) || holdsUrl(message, url.replaceAll("&", "&amp;")))
      .map(({ label }) => label),
  );
  return labels.filter((label) => !sent.has(name(label)));
}

/** Whether the text contains exactly this URL, not only as the beginning of a longer one. */
const holdsUrl = (text: string, url: string): boolean =>
  text
    .split(url)
    .slice(1)
    .some((rest) => !/^[\w%&=./?#~+-]/.test(rest));

/** The last segment of the event's type. */
export const kindOf = ({ type }: CloudEvent): EventKind => {
  const kind = type.slice(type.lastIndexOf(".") + 1);
  return isKind(kind) ? kind : "unknown";
};

const isKind = (text: string): text is EventKind => Object.hasOwn(looks, text);

/** The task's outcome, without prefix and glyph. */
export function titleOf(event: CloudEvent, language: Language): string {
  const { task, change } = event.data;
  const known = taskNameFor(task.name, language);
  return words[language].title(known ?? (name(task.name) || name(task.id)), kindOf(event), name(change.to));
}

const engineNames: Readonly<Record<string, string>> = {
  rabbitmq: "RabbitMQ",
  kafka: "Kafka",
  rocketmq: "RocketMQ",
  dcs: "DCS",
};

/** `Kafka · cn-north-4`. */
export const placeOf = ({ data: { instance } }: CloudEvent): string =>
  `${engineNames[instance.engine] ?? name(instance.engine)} · ${name(instance.region)}`;

/** The instance as a card names it. */
export const instanceText = ({ data: { instance } }: CloudEvent): string =>
  name(instance.name ?? instance.instanceId);

/** How the span from a task's creation to its change is told, by the change. */
const lastings: Readonly<Record<EventKind, Lasting>> = {
  created: "after",
  executing: "after",
  succeeded: "took",
  failed: "took",
  cancelled: "after",
  deleted: "after",
  overdue: "open",
  vanished: "open",
  unknown: "after",
  unreadable: "outage",
  recovered: "outage",
};

/** `Took 5 s, usually 4 s`, without what the title says; empty for a task that is new. */
export function durationOf(event: CloudEvent, text: Words): string {
  const { change, task } = event.data;
  const kind = kindOf(event);
  if (kind === "vanished") return text.unlisted(statusText(task.status, text));
  if (change.durationMs === 0) return "";
  return `${text.lasted[lastings[kind]](spanText(change.durationMs, text))}${usualOf(event, text)}`;
}

/** The status that everyone expects before a change; a change without one is none of a status. */
const usualBefore: Readonly<Partial<Record<EventKind, string | null>>> = {
  created: null,
  executing: "CREATED",
  succeeded: "EXECUTING",
  failed: "EXECUTING",
  cancelled: null,
  deleted: null,
  unknown: null,
};

/** `was Created`; empty where the status before is the usual one, or there is none. */
function beforeOf(event: CloudEvent, text: Words): string {
  const { from } = event.data.change;
  const usual = usualBefore[kindOf(event)];
  return usual === undefined || from === null || from === usual ? "" : text.was(statusText(from, text));
}

const statusText = (status: string, { statuses }: Words): string =>
  Object.hasOwn(statuses, status) ? (statuses[status] ?? status) : name(status);

/** The typical duration is that of successful tasks, so it does not apply to running or cancelled ones. */
const compared: ReadonlySet<EventKind> = new Set(["succeeded", "failed", "overdue"]);

/** `, usually 4 s`; with the multiple from twice on; empty without a typical duration. */
function usualOf(event: CloudEvent, text: Words): string {
  const { usualMs, durationMs } = event.data.change;
  if (usualMs === undefined || !compared.has(kindOf(event))) return "";
  const times = durationMs / Math.max(usualMs, leastUsualMs);
  const usual = spanText(usualMs, text);
  if (times < 2) return text.usually(usual);
  return text.longer(times < 10 ? Math.floor(times * 10) / 10 : Math.floor(times), usual);
}

/** A template's text comes from outside like the names in it, so it is neutralized. */
const bodyLines = (text: string): readonly string[] =>
  shorten(text, maxBodyCharacters).split(/\r?\n/).map(sanitize).filter(Boolean).slice(0, maxBodyLines);

function factsOf({ data: { task, instance } }: CloudEvent, { language, timeZone }: CardStyle): Fact[] {
  const { labels } = words[language];
  const operator = task.user.name ?? task.user.id;
  const at = (label: string, instant: string): Fact => {
    const atMs = Date.parse(instant);
    return { label, value: timeText(instant, timeZone), ...(Number.isNaN(atMs) ? {} : { atMs }) };
  };
  const facts: readonly Fact[] = [
    { label: labels.operator, value: operator ?? "" },
    at(labels.started, task.createdAt),
    ...(task.updatedAt === task.createdAt ? [] : [at(labels.changed, task.updatedAt)]),
    // The title has the name.
    { label: labels.instance, value: instance.name === undefined ? "" : instance.instanceId },
    ...paramsOf(task.params, labels.params),
  ];
  // Some platforms refuse a message with an empty field.
  return facts
    .map((fact) => ({ ...fact, label: name(fact.label) || labels.params, value: valueText(fact.value) }))
    .filter(({ value }) => value !== "");
}

/** One fact per parameter, so that each can be read, or left out, separately. */
function paramsOf(params: unknown, label: string): readonly Fact[] {
  if (params === null || params === undefined) return [];
  if (typeof params !== "object" || Array.isArray(params)) return [{ label, value: plain(params) }];
  return Object.entries(params)
    .slice(0, maxParams)
    .map(([key, value]) => ({ label: key, value: plain(value) }));
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  const isList = Array.isArray(value) && value.every((item) => typeof item !== "object");
  return isList ? value.join(", ") : (JSON.stringify(value) ?? "");
}

const valueText = (text: string): string => shorten(sanitize(text), maxValueCharacters);
