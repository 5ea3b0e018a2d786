import type { EventKind } from "../../change/kind.ts";
import { statusWords } from "../../change/status-words.ts";
import { durationParts } from "../../text/duration-parts.ts";

/** Languages of the messages. */
export const languages = ["en", "zh"] as const;
/** Language of a card's own words. */
export type Language = (typeof languages)[number];

/** Whether a span ends with the task, leads to a change, goes on, or is an outage. */
export type Lasting = "took" | "after" | "open" | "outage";

/** A card's own words in one language. */
export interface Words {
  /** The task's outcome, as a phone's notification shows it. */
  readonly title: (name: string, kind: EventKind, status: string) => string;
  readonly count: (kind: EventKind, count: number) => string;
  readonly digest: (count: number, counts: readonly string[]) => string;
  /** A status of the API, for people; others are shown as they are. */
  readonly statuses: Readonly<Record<string, string>>;
  /** How long a task, or the outage of a stream, has lasted. */
  readonly lasted: Readonly<Record<Lasting, (duration: string) => string>>;
  /** The status before the change. */
  readonly was: (status: string) => string;
  /** Sentence for a new task. */
  readonly firstSeen: string;
  /** Sentence for a task that the API no longer lists. */
  readonly unlisted: (lastStatus: string) => string;
  /** Both are appended to `lasted`. */
  readonly usually: (duration: string) => string;
  readonly longer: (times: number, usual: string) => string;
  readonly units: Readonly<Record<"d" | "h" | "min" | "s", string>>;
  readonly instant: string;
  readonly labels: Readonly<Record<"instance" | "operator" | "started" | "changed" | "params", string>>;
  /** Separates a label from its value. */
  readonly colon: string;
  readonly task: (id: string) => string;
  readonly console: string;
  readonly seen: (duration: string) => string;
  readonly more: (count: number) => string;
}

/** An event about a stream is no task's, so its title names none. */
const isOfStream = (kind: EventKind): boolean => kind === "unreadable" || kind === "recovered";

/** The words of the statuses that a change may come from. */
const statusesIn = (of: Readonly<Record<EventKind, string>>): Words["statuses"] => ({
  CREATED: of.created,
  EXECUTING: of.executing,
  SUCCESS: of.succeeded,
  FAILED: of.failed,
  CANCELLED: of.cancelled,
  DELETED: of.deleted,
  VANISHED: of.vanished,
});

const english: Words = {
  title: (name, kind, status) =>
    isOfStream(kind) ? enPast[kind] : `${name} ${kind === "unknown" ? `is now ${status}` : enPast[kind]}`,
  count: (kind, count) => `${count} ${enCounted[kind]}`,
  digest: (count, counts) => `${count} task changes: ${counts.join(", ")}`,
  statuses: statusesIn(statusWords.en),
  lasted: {
    took: (duration) => `Took ${duration}`,
    after: (duration) => `After ${duration}`,
    open: (duration) => `Open for ${duration}`,
    outage: (duration) => `Outage of ${duration}`,
  },
  was: (status) => `was ${status}`,
  firstSeen: "First seen",
  unlisted: (status) => `No longer listed by the API; last status: ${status}`,
  usually: (duration) => `, usually ${duration}`,
  longer: (times, usual) => `, ${times === 2 ? "twice" : `${times} times`} as long as usual (${usual})`,
  units: { d: " d", h: " h", min: " min", s: " s" },
  instant: "under 1 s",
  labels: {
    instance: "Instance",
    operator: "Operator",
    started: "Started",
    changed: "Changed",
    params: "Parameters",
  },
  colon: ": ",
  task: (id) => `task ${id}`,
  console: "Console",
  seen: (duration) => `seen ${duration} later`,
  more: (count) => `and ${count} more`,
};

const enCounted: Readonly<Record<EventKind, string>> = {
  created: "created",
  executing: "running",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  deleted: "deleted",
  overdue: "overdue",
  vanished: "vanished",
  unknown: "of unknown status",
  unreadable: "unreadable",
  recovered: "readable again",
};

const enPast: Readonly<Record<EventKind, string>> = {
  ...enCounted,
  created: "was created",
  executing: "is running",
  cancelled: "was cancelled",
  deleted: "was deleted",
  overdue: "is overdue",
  unreadable: "Tasks cannot be read",
  recovered: "Tasks can be read again",
};

const zhStates: Readonly<Record<EventKind, string>> = {
  ...statusWords.zh,
  unreadable: "无法读取任务",
  recovered: "任务已恢复读取",
};

const chinese: Words = {
  title: (name, kind, status) =>
    isOfStream(kind)
      ? zhStates[kind]
      : `${name} ${kind === "unknown" ? `状态变为 ${status}` : zhStates[kind]}`,
  count: (kind, count) => `${zhStates[kind]} ${count}`,
  digest: (count, counts) => `${count} 项任务变更：${counts.join("，")}`,
  statuses: statusesIn(statusWords.zh),
  lasted: {
    took: (duration) => `用时 ${duration}`,
    after: (duration) => `创建后 ${duration}`,
    open: (duration) => `已进行 ${duration}`,
    outage: (duration) => `已中断 ${duration}`,
  },
  was: (status) => `原状态：${status}`,
  firstSeen: "首次发现",
  unlisted: (status) => `接口不再返回该任务，最后状态：${status}`,
  usually: (duration) => `，通常 ${duration}`,
  longer: (times, usual) => `，是通常（${usual}）的 ${times} 倍`,
  units: { d: " 天", h: " 小时", min: " 分", s: " 秒" },
  instant: "不到 1 秒",
  labels: { instance: "实例", operator: "操作人", started: "开始", changed: "变更", params: "参数" },
  colon: "：",
  task: (id) => `任务 ${id}`,
  console: "控制台",
  seen: (duration) => `${duration}后发现`,
  more: (count) => `另有 ${count} 项`,
};

/** The words of each language. */
export const words: Readonly<Record<Language, Words>> = { en: english, zh: chinese };

/** A duration in its two largest units: `5 s`, `1 min 5 s`, `2 h 5 min`, `3 d 4 h`. */
export function spanText(ms: number, { units, instant }: Words): string {
  if (Math.round(ms / 1_000) < 1) return instant;
  return durationParts(ms)
    .map(([count, unit]) => `${count}${units[unit]}`)
    .join(" ");
}

/** One for each time zone: to make one takes longer than to render a message. */
const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  });

/** `2026-01-31 09:15:05 UTC`, in the given time zone. */
export function timeText(instant: string, timeZone: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  const format = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, format);
  const parts = format.formatToParts(date);
  const of = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((part) => part.type === type)?.value ?? "";
  const zone = of("timeZoneName").replace("GMT", "UTC").replace(/\+0$/, "");
  return `${of("year")}-${of("month")}-${of("day")} ${of("hour")}:${of("minute")}:${of("second")} ${zone}`;
}
