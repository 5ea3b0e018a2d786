import { shortNames } from "../../status/names.ts";
import type { SinkHealth, SinkStatus } from "../../status/sinks.ts";
import type { StreamStatus } from "../../status/streams.ts";
import { withCommand } from "../command-name.ts";
import { age, count } from "./format.ts";
import type { Output } from "./output.ts";
import { type Line, labelled, type Span, type Style } from "./text.ts";

/** Status of sinks and streams. */
interface ShownStatus {
  readonly streams: readonly StreamStatus[];
  readonly sinks: Readonly<Record<string, SinkStatus>>;
}

const styles: Readonly<Record<SinkHealth, Style>> = {
  healthy: "green",
  retrying: "yellow",
  failing: "yellow",
  blocked: "red",
  removed: "red",
};

const narrow = 80;

/** One row a sink and one a stream that cannot be read, with the platform's words and what to do below each. */
export function showStatus(out: Output, { streams, sinks }: ShownStatus, nowMs: number): void {
  const width = out.columns ?? narrow;
  const since = (iso: string | null): string => (iso === null ? "-" : age(nowMs - Date.parse(iso)));
  const names = shortNames(streams);
  const failing = Object.entries(sinks).filter(([, { state }]) => state !== "healthy");
  out.table(
    [
      { title: "SINK", shrinks: true },
      { title: "STATE" },
      { title: "SINCE", align: "right" },
      { title: "PENDING", align: "right" },
      { title: "OLDEST", align: "right" },
      { title: "NEXT" },
    ],
    Object.entries(sinks).map(([name, sink]): Line => {
      const { state } = sink;
      return [
        name,
        [styles[state], state],
        since(sink.since),
        waiting(sink.pending),
        since(sink.oldestPendingAt),
        nextOf(sink, nowMs),
      ];
    }),
  );
  for (const [name, sink] of failing) {
    // A removed sink says nothing.
    explain(out, width, name, sink.state === "removed" ? { ...sink, message: null } : sink);
  }
  const troubled = streams.filter(({ error }) => error !== null);
  if (troubled.length > 0) {
    out.line();
    out.table(
      [
        { title: "STREAM", shrinks: "before-id" },
        { title: "CANNOT BE READ" },
        { title: "SINCE", align: "right" },
        { title: "PENDING", align: "right" },
      ],
      troubled.map(
        ({ key, pending, error }): Line => [
          names.get(key) ?? key,
          ["red", error?.code ?? ""],
          since(error?.since ?? null),
          waiting(pending),
        ],
      ),
    );
    for (const { key, error } of troubled) if (error) explain(out, width, names.get(key) ?? key, error);
  }
  out.line();
  out.line(summaryOf(streams, troubled.length));
}

/** All fields, one row each. */
export function showWideStatus(out: Output, { streams, sinks }: ShownStatus, nowMs: number): void {
  out.table(
    [
      { title: "SINK" },
      { title: "STATE" },
      { title: "SINCE" },
      { title: "PENDING", align: "right" },
      { title: "OLDEST" },
      { title: "NEXT" },
      { title: "HTTP" },
      { title: "REASON" },
      { title: "MESSAGE" },
      { title: "ACTION" },
    ],
    Object.entries(sinks).map(
      ([name, sink]): Line => [
        name,
        [styles[sink.state], sink.state],
        sink.since ?? "-",
        waiting(sink.pending),
        sink.oldestPendingAt ?? "-",
        sink.nextAttemptAt ?? nextOf(sink, nowMs),
        sink.httpStatus === null ? "-" : String(sink.httpStatus),
        sink.reason ?? "-",
        sink.message ?? "-",
        sink.action ?? "-",
      ],
    ),
  );
  out.line();
  out.table(
    [
      { title: "STREAM" },
      { title: "INSTANCE" },
      { title: "STATE" },
      { title: "SINCE" },
      { title: "PENDING", align: "right" },
      { title: "HTTP" },
      { title: "MESSAGE" },
      { title: "ACTION" },
    ],
    streams.map(
      ({ key, name, pending, error }): Line => [
        key,
        name ?? "-",
        error ? ["red", error.code] : ["green", "read"],
        error?.since ?? "-",
        waiting(pending),
        error?.httpStatus ? String(error.httpStatus) : "-",
        error?.message ?? "-",
        error?.action ?? "-",
      ],
    ),
  );
}

const waiting = (pending: number): Span => (pending > 0 ? ["yellow", String(pending)] : "0");

function nextOf({ pending, nextAttemptAt }: SinkStatus, nowMs: number): string {
  if (pending === 0) return "-";
  return nextAttemptAt === null ? "next run" : `in ${age(Date.parse(nextAttemptAt) - nowMs)}`;
}

/** The platform's words, and what to do. */
function explain(
  out: Output,
  width: number,
  name: string,
  { message, action }: { readonly message: string | null; readonly action: string | null },
): void {
  out.line();
  out.line(["bold", name]);
  if (message !== null) for (const line of labelled(["dim", "  said: "], message, width)) out.line(...line);
  if (action !== null)
    for (const line of labelled(["dim", "  do:   "], withCommand(action, out.command), width))
      out.line(...line);
}

function summaryOf(streams: readonly StreamStatus[], troubled: number): string {
  if (streams.length === 0) return "No stream has a record yet: the first poll writes it.";
  const pending = streams.reduce((sum, stream) => sum + stream.pending, 0);
  const read = troubled === 0 ? "" : "other ";
  const waits = pending === 0 ? "nothing waits" : `${count(pending, "delivery waits", "deliveries wait")}`;
  return `${count(streams.length - troubled, `${read}stream`)} can be read; ${waits}.`;
}
