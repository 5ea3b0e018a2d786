import * as v from "valibot";
import type { Clock } from "../core/clock.ts";
import { sinkName } from "../core/names.ts";
import type { DeadLetter, DeadLetterFilter } from "../delivery/dead-letters.ts";
import { attemptSample } from "../delivery/sample-attempt.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bridge } from "../wire/bridge.ts";
import type { DeadLetterRow } from "./protocol.ts";

/** Most dead letters that the page shows of one sink. */
const maxLetters = 200;

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));
const selection = v.strictObject({
  sink: v.optional(name),
  id: v.optional(v.pipe(v.string(), v.maxLength(2_000))),
});
const oneSink = v.strictObject({ sink: name });

/** An action that the page asks for: the shape of its JSON, and what it does. */
export interface ConsoleAction {
  readonly schema: v.GenericSchema;
  run(input: never): Promise<unknown>;
}

const action = <Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>) => Promise<unknown>,
): ConsoleAction => ({ schema, run });

/** The actions on a bridge, each allowed with `--allow-changes` only. */
export const bridgeActions = (
  bridge: Pick<Bridge, "redrive" | "deadLetters" | "sinks">,
  deps: { readonly clock: Clock; readonly log: Log },
): Readonly<Record<string, ConsoleAction>> => ({
  redrive: action(selection, (chosen) => bridge.redrive(filterOf(chosen))),
  purge: action(selection, async (chosen) => {
    const letters = await bridge.deadLetters.list(filterOf(chosen));
    await bridge.deadLetters.remove(letters.map(({ id }) => id));
    return { purged: letters.length };
  }),
  sample: action(oneSink, async ({ sink }) => {
    const found = bridge.sinks.get(sinkName(sink));
    if (!found) throw new UnknownPart(`no sink is called ${JSON.stringify(sink)}`);
    const { signal } = new AbortController();
    const { result, durationMs } = await attemptSample(found, deps, { signal });
    return { result, durationMs };
  }),
});

/** A request that names something that is not there. */
export class UnknownPart extends Error {
  override readonly name = "UnknownPart";
}

const filterOf = ({ sink, id }: v.InferOutput<typeof selection>): DeadLetterFilter => ({
  ...(sink !== undefined && { sink: sinkName(sink) }),
  ...(id !== undefined && { id }),
});

/** A sink's dead letters as the page lists them, oldest first. */
export async function deadLetterRows(
  { deadLetters }: Pick<Bridge, "deadLetters">,
  sink: string,
): Promise<readonly DeadLetterRow[]> {
  const letters = await deadLetters.list({ sink: sinkName(sink) });
  return letters.slice(0, maxLetters).map(letterRow);
}

const letterRow = ({ event, ...letter }: DeadLetter): DeadLetterRow => ({
  id: letter.id,
  sink: letter.sink,
  stream: letter.stream,
  task: `${letter.stream}/${event.data.task.id}`,
  taskName: event.data.task.name,
  to: event.data.change.to,
  reason: letter.reason,
  detail: letter.detail,
  attempts: letter.attempts,
  givenUpAtMs: letter.givenUpAtMs,
});
