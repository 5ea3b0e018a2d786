import type { RunSummary, SinkSummary, StreamSummary } from "../../run/summary.ts";
import { count, instant, span } from "./format.ts";
import { type Names, namesOn } from "./names.ts";
import type { Output } from "./output.ts";
import type { Line, Span } from "./text.ts";

/** Whether a stream or record could not be read or a delivery was abandoned: `poll` then exits with 1. */
export const hasFailure = ({ streams, sinks }: RunSummary): boolean =>
  streams.some(({ error, unreadable }) => error || unreadable > 0) ||
  Object.values(sinks).some(({ deadLettered }) => deadLettered > 0);

/** The run as two tables and a summary in words. Streams have short names on a terminal, unless `isWide`. */
export function showSummary(out: Output, summary: RunSummary, isWide = false): void {
  const names = namesOn(out, summary.streams, isWide);
  out.table(
    [
      { title: "TASKS", align: "right" },
      { title: "CHANGES", align: "right" },
      { title: "SINCE", isOptional: true },
      { title: "STREAM", shrinks: "before-id" },
    ],
    summary.streams.map((stream) => streamRow(stream, names.stream(stream.key))),
    { isWide },
  );
  out.line();
  out.table(
    [
      { title: "ACCEPTED", align: "right" },
      { title: "FILTERED", align: "right" },
      { title: "DEAD LETTERS", align: "right" },
      { title: "PENDING", align: "right" },
      { title: "SINK", shrinks: true },
    ],
    Object.entries(summary.sinks).map(sinkRow),
  );
  out.line();
  for (const line of sentences(summary, names)) out.line(...line);
}

function streamRow({ tasks, changes, beginTime, error }: StreamSummary, name: string): Line {
  if (error) return ["-", "-", "-", ["red", name]];
  return [String(tasks), changedBy(changes), beginTime ? instant(Date.parse(beginTime)) : "-", name];
}

const changedBy = (changes: number): Span => (changes > 0 ? ["cyan", String(changes)] : "0");

function sinkRow([name, sink]: [string, SinkSummary]): Line {
  const alarming = (amount: number): Span => (amount > 0 ? ["red", String(amount)] : "0");
  return [
    sink.accepted > 0 ? ["green", String(sink.accepted)] : "0",
    String(sink.filtered),
    alarming(sink.deadLettered),
    sink.pending > 0 ? ["yellow", String(sink.pending)] : "0",
    sink.state === "blocked" ? ["yellow", name] : name,
  ];
}

/** The summary in words, one line each: successes first, then problems. */
export function sentences(summary: RunSummary, names: Names): readonly Line[] {
  const streams = summary.streams.filter(({ error }) => !error);
  const changes = streams.reduce((sum, stream) => sum + stream.changes, 0);
  const read = `${count(changes, "change")} in ${count(streams.length, "stream")}, ${span(summary.durationMs)}.`;
  return [
    [
      changes > 0
        ? read
        : `Nothing changed in ${count(streams.length, "stream")}, ${span(summary.durationMs)}.`,
    ],
    ...summary.streams.flatMap(({ key, error }): Line[] =>
      error ? [[["red", `Could not read ${names.stream(key)}: `], `${error.message} (${error.code})`]] : [],
    ),
    ...streams.flatMap(({ key, unreadable }): Line[] =>
      unreadable > 0
        ? [
            [
              ["red", `Passed over ${count(unreadable, "record")} of ${names.stream(key)} `],
              "that could not be read; the log has each.",
            ],
          ]
        : [],
    ),
    ...Object.entries(summary.sinks).flatMap(([name, sink]) => sinkSentences(name, sink)),
    ...(summary.journal
      ? [[["yellow", `${summary.journal.message}. `] as const, "Deliveries and records are unaffected."]]
      : []),
  ];
}

function sinkSentences(name: string, sink: SinkSummary): readonly Line[] {
  const lines: Line[] = [];
  if (sink.deadLettered > 0) {
    lines.push([
      ["red", `Gave up ${count(sink.deadLettered, "delivery", "deliveries")} to ${name}. `],
      ...(sink.state === "removed"
        ? [`Why: ${sink.message}. To deliver them, name a sink ${name} again and redrive them. `]
        : []),
      `List them: dms-task-bridge dead-letters list --sink ${name}`,
    ]);
  }
  if (sink.expired > 0) {
    lines.push([
      ["yellow", `Deleted ${count(sink.expired, "dead letter")} of ${name} `],
      "that had reached delivery.deadLetterMaxAge; the log names each.",
    ]);
  }
  if (sink.state === "blocked") {
    lines.push([
      ["yellow", `${name} is blocked (${sink.reason}). `],
      `${count(sink.pending, "event")} kept until it is mended; try it with: dms-task-bridge sink test ${name}`,
      ...messageOf(sink, "."),
    ]);
  } else if (sink.state !== "healthy" && sink.state !== "removed") {
    lines.push([
      ["yellow", `${count(sink.pending, "delivery", "deliveries")} to ${name} will be tried again.`],
      ...messageOf(sink),
    ]);
  }
  return lines;
}

const messageOf = ({ message }: SinkSummary, before = ""): Line =>
  message === null ? [] : [`${before} Why: ${message}`];
