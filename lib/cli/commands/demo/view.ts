import type { Task } from "../../../change/task.ts";
import type { Context } from "../../context.ts";
import { count, shortId, span } from "../../screen/format.ts";
import type { Output } from "../../screen/output.ts";
import { type Line, pad, type Span, styleOf } from "../../screen/text.ts";
import { type Arrival, type DemoResult, isExact } from "./check.ts";

/** A change as the demo shows it. */
export interface ShownChange {
  readonly instance: string;
  readonly task: Task;
  readonly from: string | null;
}

/** The demo's screen: changes beside arrivals. */
export interface DemoView {
  introduce(apiUrl: string, webhookUrl: string): void;
  changed(change: ShownChange): void;
  arrived(arrival: Arrival): void;
}

const timeWidth = 7;
/** Column where arrivals begin: beside the changes, or over their right part on a narrow terminal. */
const wideAt = 76;
const narrowAt = 46;
const roomForBoth = 115;

/** Prints changes on the left and arrivals on the right, line by line. */
export function openView({ screen, clock }: Pick<Context, "screen" | "clock">): DemoView {
  const { out } = screen;
  const startedMs = clock.now();
  const isWide = out.columns === null || out.columns >= roomForBoth;
  const rightAt = isWide ? wideAt : narrowAt;
  const time = (): Span => ["dim", `${((clock.now() - startedMs) / 1_000).toFixed(1)}s`.padStart(timeWidth)];

  return {
    introduce(apiUrl, webhookUrl) {
      out.line(["bold", "Simulated DMS API".padEnd(20)], apiUrl);
      out.line(["bold", "Webhook receiver".padEnd(20)], webhookUrl, ["dim", "  (signatures checked)"]);
      out.line();
      out.line(
        ["dim", "TIME".padStart(timeWidth)],
        "  ",
        ["dim", "TASKS CHANGE IN DMS".padEnd(rightAt)],
        ["dim", "EVENTS ARRIVE"],
      );
    },
    changed({ instance, task, from }) {
      out.fitted(
        time(),
        "  ",
        pad(instance, 13),
        pad(task.name, 26),
        ["dim", `${shortId(task.id)}  ${from ? `${from} -> ` : ""}`],
        [styleOf(task.status), task.status],
      );
    },
    arrived({ event, verified, atMs }) {
      const { task, change } = event.data;
      out.fitted(
        time(),
        "  ",
        " ".repeat(rightAt),
        ["dim", `${shortId(task.id)}  `],
        [styleOf(change.to), change.to.padEnd(10)],
        ["dim", `+${span(atMs - Date.parse(event.time))}`.padStart(9)],
        verified ? "" : ["red", "  wrong signature"],
      );
    },
  };
}

/** Requests and writes that a demo took. */
export interface Effort {
  readonly apiRequests: number;
  /** Number of writes to the store. */
  readonly commits: number;
}

/** Prints the outcome of `demo --once`. */
export function showResult(out: Output, result: DemoResult, { apiRequests, commits }: Effort): void {
  const numbers: Readonly<Record<string, number | string>> = {
    Tasks: result.tasks,
    Changes: result.changes,
    "Events delivered": result.delivered,
    Duplicates: result.duplicates,
    Lost: result.lost.length,
    "Out of order": result.disordered.length,
    "Median latency": result.medianLatencyMs === null ? "-" : span(result.medianLatencyMs),
    "API requests": apiRequests,
    "Store writes": commits,
  };
  out.line();
  for (const [name, value] of Object.entries(numbers)) {
    out.line(["dim", name.padEnd(18)], String(value).padStart(8));
  }
  out.line();
  if (isExact(result)) {
    out.line(["green", "Every change arrived exactly once, in order, with a right signature."]);
  } else {
    for (const line of faults(result)) out.line(...line);
  }
}

function faults({ lost, unexpected, disordered, duplicates, unverified }: DemoResult): readonly Line[] {
  const listed = (title: string, ids: readonly string[]): Line[] => ids.map((id) => [["red", title], id]);
  const counted = (amount: number, text: string): Line[] => (amount > 0 ? [[["red", text]]] : []);
  return [
    ...listed("never arrived: ", lost),
    ...listed("states no change made: ", unexpected),
    ...listed("task out of order: ", disordered),
    ...counted(duplicates, `${count(duplicates, "event")} arrived again`),
    ...counted(unverified, `${count(unverified, "event")} came with a wrong signature`),
  ];
}
