import { suggestion } from "../../config/check/suggest.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import {
  countBySink,
  type DeadLetter,
  type DeadLetterFilter,
  giveUpReasons,
} from "../../delivery/dead-letters.ts";
import { isTaskNamed } from "../../journal/journal.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { choiceError, instantMs, requireId, theOneId } from "../arguments.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { confirm } from "../screen/confirm.ts";
import { age, count, shortId } from "../screen/format.ts";
import type { Line } from "../screen/text.ts";
import { withBridge, withRecords } from "../session.ts";

/** Options of the `dead-letters` commands. */
export interface DeadLetterOptions {
  readonly sink?: string;
  readonly id?: string;
  readonly reason?: string;
  readonly since?: string;
  readonly output?: "wide";
}

/** Lists dead letters, oldest first. */
export const listDeadLetters = (context: Context, options: DeadLetterOptions): Promise<ExitCode> =>
  withRecords(context, async (stores, { sinks: names }): Promise<ExitCode> => {
    const { out } = context.screen;
    const sinks = new Set(names);
    const deadLetters = await stores.deadLetters.list(await filterOf(context, stores, options));
    if (context.json) out.json({ deadLetters: deadLetters.map(asJson) });
    else if (deadLetters.length === 0)
      out.line(`No dead letters.${suggestion(options.sink, missing(sinks, options))}`);
    else {
      show(context, deadLetters, options);
      const removed = removedSinks(sinks, deadLetters);
      const hint = "Deliver again with: dms-task-bridge dead-letters redrive";
      const isAny = deadLetters.some(({ sink }) => sinks.has(sink));
      out.line(`${count(deadLetters.length, "dead letter")}.${isAny ? ` ${hint}` : ""}`);
      showRemoved(context, removed);
    }
    return 0;
  });

/** Names of the configured sinks. */
type SinkNames = Pick<ReadonlyMap<SinkName, unknown>, "has" | "keys">;

/** Dead letters of each sink that is not configured. */
const removedSinks = (sinks: SinkNames, deadLetters: readonly DeadLetter[]): ReadonlyMap<SinkName, number> =>
  countBySink(deadLetters.filter(({ sink }) => !sinks.has(sink)));

const asField = (removed: ReadonlyMap<SinkName, number>) =>
  removed.size > 0 && { removed: Object.fromEntries(removed) };

function showRemoved({ screen: { out } }: Context, removed: ReadonlyMap<SinkName, number>): void {
  for (const [sink, amount] of removed)
    out.line(
      `${sink} is not configured, and ${count(amount, "dead letter")} of it cannot be redriven until the configuration has a sink of that name.`,
    );
}

/** The configured sinks, unless the named one is among them; a sink without a configuration may have dead letters, too. */
const missing = (sinks: SinkNames, { sink }: DeadLetterOptions): readonly string[] => {
  const names = [...sinks.keys()];
  return names.some((name) => name === sink) ? [] : names;
};

/** Puts dead letters back into their streams' outboxes. */
export const redriveDeadLetters = (context: Context, options: DeadLetterOptions): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const { out } = context.screen;
    const filter = await filterOf(context, bridge, options);
    const { redriven, left } = await bridge.redrive(filter);
    const removed = removedSinks(bridge.sinks, await bridge.deadLetters.list(filter));
    if (context.json) out.json({ redriven, left, ...asField(removed) });
    else if (redriven + left === 0 && removed.size === 0) out.line("No dead letters to redrive.");
    else {
      if (redriven > 0)
        out.line(
          `${count(redriven, "delivery", "deliveries")} back in order; the next poll tries again, a warm function within five minutes.`,
        );
      if (left > 0)
        out.line(
          `${count(left, "dead letter")} left: the record of the stream has no room for more now. Redrive again when what waits there is delivered.`,
        );
      showRemoved(context, removed);
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
    const deadLetters = await bridge.deadLetters.list(await filterOf(context, bridge, options));
    const question = `This deletes ${count(deadLetters.length, "dead letter")}; the events are never delivered.`;
    const agreed = deadLetters.length > 0 && (await confirm(context, question, yes));
    const purged = agreed ? deadLetters.length : 0;
    if (agreed) await bridge.deadLetters.remove(deadLetters.map(({ id }) => id));
    if (context.json) context.screen.out.json({ purged });
    else context.screen.out.line(`${count(purged, "dead letter")} deleted.`);
    return 0;
  });

/** Shows which dead letters a redrive would put back; those of removed sinks stay. */
export const planRedrive = (context: Context, options: DeadLetterOptions): Promise<ExitCode> =>
  withRecords(context, async (stores, { sinks: names }): Promise<ExitCode> => {
    const { out } = context.screen;
    const sinks = new Set(names);
    const all = await stores.deadLetters.list(await filterOf(context, stores, options));
    const deadLetters = all.filter(({ sink }) => sinks.has(sink));
    const removed = removedSinks(sinks, all);
    if (context.json)
      out.json({
        dryRun: true,
        deadLetters: deadLetters.map(asJson),
        ...asField(removed),
      });
    else if (all.length === 0) out.line("No dead letters to redrive.");
    else if (deadLetters.length === 0) showRemoved(context, removed);
    else {
      show(context, deadLetters, options);
      showRemoved(context, removed);
      const what = count(deadLetters.length, "delivery", "deliveries");
      out.line(
        `Nothing changed: without --dry-run, ${what} would go back in order, as far as there is room.`,
      );
    }
    return 0;
  });

/** @throws ConfigError for an unknown reason, a bad instant, or an id of several */
async function filterOf(
  { clock }: Context,
  stores: Pick<Bridge, "deadLetters">,
  { sink, id, reason, since }: DeadLetterOptions,
): Promise<DeadLetterFilter> {
  if (reason !== undefined && !giveUpReasons.some((known) => known === reason))
    throw choiceError("--reason", "a reason", reason, giveUpReasons);
  return {
    ...(sink !== undefined && { sink: sinkName(sink) }),
    ...(id !== undefined && { id: await wholeId(stores, id, sink) }),
    ...(reason !== undefined && { reason }),
    ...(since !== undefined && { givenUpSinceMs: instantMs("--since", since, clock.now()) }),
  };
}

/** The id of the dead letter that a text names by its own id or its task's. @throws ConfigError for several */
async function wholeId(
  { deadLetters }: Pick<Bridge, "deadLetters">,
  text: string,
  sink: string | undefined,
): Promise<string> {
  requireId("--id", "a dead letter or task", text);
  const all = await deadLetters.list(sink === undefined ? {} : { sink: sinkName(sink) });
  const fitting = all.filter(({ id, event }) => id === text || isTaskNamed(event.subject, text));
  return (
    theOneId(
      "--id",
      text,
      fitting.map(({ id }) => id),
    ) ?? text
  );
}

/** One line for each dead letter, and below it what the sink said. */
function show(
  { clock, screen: { out } }: Context,
  deadLetters: readonly DeadLetter[],
  { output }: DeadLetterOptions,
): void {
  const nowMs = clock.now();
  const isWide = output === "wide";
  out.table(
    [
      { title: "AGE", align: "right" },
      { title: "SINK", shrinks: true },
      { title: "REASON", shrinks: true },
      { title: "TRIES", align: "right", isOptional: true },
      { title: "TASK", shrinks: true },
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
        out.isTerminal && !isWide ? shortId(event.subject) : id,
      ],
    ),
    { isWide, below: (row) => [[["dim", `  ${deadLetters[row]?.detail ?? ""}`]]] },
  );
  out.line();
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
