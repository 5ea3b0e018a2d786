import { sinkName } from "../../core/names.ts";
import type { DeadLetter, DeadLetterFilter } from "../../delivery/dead-letters.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { confirm } from "../screen/confirm.ts";
import { age, count } from "../screen/format.ts";
import type { Line } from "../screen/text.ts";
import { withBridge } from "../session.ts";

export interface DeadLetterOptions {
  readonly sink?: string;
  readonly id?: string;
}

/** Lists dead letters, oldest first. */
export const listDeadLetters = (context: Context, options: DeadLetterOptions): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const { out } = context.screen;
    const deadLetters = await bridge.deadLetters.list(filterOf(options));
    if (context.json) out.json({ deadLetters: deadLetters.map(asJson) });
    else if (deadLetters.length === 0) out.line("No dead letters.");
    else show(context, deadLetters);
    return 0;
  });

/** Puts dead letters back into their streams' outboxes. */
export const redriveDeadLetters = (context: Context, options: DeadLetterOptions): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const { out } = context.screen;
    const { redriven, left } = await bridge.redrive(filterOf(options));
    if (context.json) out.json({ redriven, left });
    else if (redriven + left === 0) out.line("No dead letters to redrive.");
    else {
      if (redriven > 0)
        out.line(
          `${count(redriven, "delivery", "deliveries")} back in order; the next poll tries again, a warm function within five minutes.`,
        );
      if (left > 0)
        out.line(
          `${count(left, "dead letter")} left: the record of the stream has no room for more now. Redrive again when what waits there is delivered.`,
        );
    }
    return 0;
  });

/** Deletes dead letters permanently. Asks first. */
export const purgeDeadLetters = (
  context: Context,
  options: DeadLetterOptions,
  yes: boolean,
): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const deadLetters = await bridge.deadLetters.list(filterOf(options));
    const question = `This deletes ${count(deadLetters.length, "dead letter")}; the events are never delivered.`;
    const agreed = deadLetters.length > 0 && (await confirm(context, question, yes));
    const purged = agreed ? deadLetters.length : 0;
    if (agreed) await bridge.deadLetters.remove(deadLetters.map(({ id }) => id));
    if (context.json) context.screen.out.json({ purged });
    else context.screen.out.line(`${count(purged, "dead letter")} deleted.`);
    return 0;
  });

const filterOf = ({ sink, id }: DeadLetterOptions): DeadLetterFilter => ({
  ...(sink !== undefined && { sink: sinkName(sink) }),
  ...(id !== undefined && { id }),
});

function show(context: Context, deadLetters: readonly DeadLetter[]): void {
  const nowMs = context.clock.now();
  context.screen.out.table(
    [
      { title: "AGE", align: "right" },
      { title: "SINK" },
      { title: "REASON" },
      { title: "TRIES", align: "right" },
      { title: "TASK" },
      { title: "STATUS" },
      { title: "ID" },
    ],
    deadLetters.map(
      ({ givenUpAtMs, sink, reason, attempts, event, id }): Line => [
        age(nowMs - givenUpAtMs),
        sink,
        ["red", reason],
        String(attempts),
        event.data.task.name,
        event.data.change.to,
        id,
      ],
    ),
  );
  context.screen.out.line();
  context.screen.out.line(
    `${count(deadLetters.length, "dead letter")}. Deliver again with: dms-task-bridge dead-letters redrive`,
  );
}

const asJson = ({ id, stream, sink, reason, detail, attempts, givenUpAtMs, event }: DeadLetter) => ({
  id,
  stream,
  sink,
  reason,
  detail,
  attempts,
  givenUpAt: new Date(givenUpAtMs).toISOString(),
  event,
});
