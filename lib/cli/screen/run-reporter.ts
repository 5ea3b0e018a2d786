import type { CloudEvent } from "../../change/event.ts";
import type { BridgeObserver } from "../../wire/observer.ts";
import type { Context } from "../context.ts";
import { shortId, timeOfDay } from "./format.ts";
import { cut, pad, type Span, styleOf } from "./text.ts";

/** Prints a line for each durable event and for each delivery that failed. */
export function runReporter({ screen, clock }: Pick<Context, "screen" | "clock">): BridgeObserver {
  const line = (...spans: readonly Span[]) =>
    screen.out.line(["dim", timeOfDay(clock.now())], "  ", ...spans);
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

/** One event in one line: instance, task, the end of its id, the change, and who started it. Names are cut to columns. */
export function eventLine({ data }: CloudEvent, columns: number | null): readonly Span[] {
  const { change, instance, task } = data;
  const before = change.from ? `${change.from} -> ` : "";
  const [instanceWidth, taskWidth] = columns !== null && columns < 80 ? [10, 16] : [16, 26];
  return [
    column(instance.name ?? instance.instanceId, instanceWidth),
    "  ",
    column(task.name, taskWidth),
    "  ",
    ["dim", `${shortId(task.id)}  ${before}`],
    [styleOf(change.to), change.to],
    ["dim", task.user.name ? `  ${task.user.name}` : ""],
  ];
}

const column = (text: string, width: number): Span => pad(cut(text, width), width);
