import type { CloudEvent } from "../../change/event.ts";
import type { BridgeObserver } from "../../wire/observer.ts";
import type { Context } from "../context.ts";
import { shortId, timeOfDay } from "./format.ts";
import { cut, pad, type Span, styleOf } from "./text.ts";

/** Prints a line for each durable event and for each delivery that failed, cut to a terminal's width. */
export function runReporter({ screen, clock }: Pick<Context, "screen" | "clock">): BridgeObserver {
  const line = (...spans: readonly Span[]) =>
    screen.out.fitted(["dim", timeOfDay(clock.now())], "  ", ...spans);
  return {
    committed: (_, event) => line(...eventLine(event, screen.out.columns)),
    attempted: ({ sink, event, result }) => {
      if (result.kind === "accepted") return;
      const { name } = event.data.task;
      const { to } = event.data.change;
      line(["yellow", `${sink}: ${result.kind}`], `  ${name} ${to}: ${result.detail} (${result.reason})`);
    },
  };
}

/** Widths of instance and task, and whether there is room for the status before, by the screen's columns. */
const layouts = [
  { from: 100, instance: 16, task: 26, before: true },
  { from: 80, instance: 14, task: 20, before: true },
  { from: 0, instance: 10, task: 14, before: false },
] as const;

/** One event in one line: instance, task, the end of its id, the change, and who started it. Names are cut to columns. */
export function eventLine({ data }: CloudEvent, columns: number | null): readonly Span[] {
  const { change, instance, task } = data;
  const layout = layouts.find(({ from }) => (columns ?? Number.POSITIVE_INFINITY) >= from) ?? layouts[0];
  const before = change.from && layout.before ? `${change.from} -> ` : "";
  return [
    column(instance.name ?? instance.instanceId, layout.instance),
    "  ",
    column(task.name, layout.task),
    "  ",
    ["dim", `${shortId(task.id)}  ${before}`],
    [styleOf(change.to), change.to],
    ["dim", task.user.name ? `  ${task.user.name}` : ""],
  ];
}

const column = (text: string, width: number): Span => pad(cut(text, width), width);
