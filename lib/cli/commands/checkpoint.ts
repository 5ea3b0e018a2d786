import { isFinal } from "../../change/task.ts";
import { oldestPendingMs, pendingCounts } from "../../checkpoint/pending.ts";
import type { Stored } from "../../checkpoint/store.ts";
import type { StoreError } from "../../core/errors.ts";
import type { StreamKey } from "../../core/names.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { selectStreams } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, report } from "../errors.ts";
import { type ReadRecord, readRecords } from "../records.ts";
import { confirm } from "../screen/confirm.ts";
import { count, instant, shortInstant } from "../screen/format.ts";
import { namesOn } from "../screen/names.ts";
import type { Line, Span } from "../screen/text.ts";
import { withBridge, withRecords } from "../session.ts";

/** Options of `checkpoint show`. */
export interface ShowOptions {
  readonly output?: "wide";
}

interface Record extends Stored {
  readonly key: StreamKey;
  readonly name: string | null;
}

/** Shows the durable record of the named streams, or of all. Exits 1 when any cannot be read; the others are shown. */
export const showCheckpoints = (
  context: Context,
  stream: string | undefined,
  { output }: ShowOptions,
): Promise<ExitCode> =>
  withRecords(context, async (stores): Promise<ExitCode> => {
    const { out } = context.screen;
    const chosen = await chosenRecords(stores, stream);
    const records = chosen.flatMap(({ key, name, stored }) => (stored ? [{ key, name, ...stored }] : []));
    const failed = chosen.flatMap(({ key, error }) => (error ? [{ key, error }] : []));
    if (context.json) out.json({ checkpoints: records.map(asJson), failed: failed.map(failedJson) });
    else if (records.length > 0) show(context, records, output === "wide");
    else if (failed.length === 0) out.line("No checkpoint yet: the first poll writes it.");
    for (const { error } of failed) report(error, context.screen.err, false);
    return failed.length > 0 ? 1 : 0;
  });

/** Deletes records. Says what would be lost and asks first. */
export const resetCheckpoints = (
  context: Context,
  stream: string | undefined,
  yes: boolean,
): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    // A record that cannot be read can still be reset.
    const keys = selectStreams("STREAM", stream, await readRecords(bridge));
    const question = `This forgets ${count(keys.length, "checkpoint")} with every undelivered event: ${keys.join(", ")}`;
    const agreed = keys.length > 0 && (await confirm(context, question, yes));
    if (agreed) for (const key of keys) await forget(bridge, key);
    const done = agreed ? keys : [];
    if (context.json) context.screen.out.json({ reset: done });
    else context.screen.out.line(`${count(done.length, "checkpoint")} reset.`);
    return 0;
  });

/** Deletes the record first: deliveries that no record names are ignored. */
async function forget({ checkpoints, parked }: Bridge, key: StreamKey): Promise<void> {
  await checkpoints.reset(key);
  await parked.remove(key, await parked.list(key));
}

async function chosenRecords(
  stores: Pick<Bridge, "checkpoints">,
  stream: string | undefined,
): Promise<readonly ReadRecord[]> {
  const all = await readRecords(stores);
  const keys = new Set(selectStreams("STREAM", stream, all));
  return all.filter(({ key }) => keys.has(key));
}

const waiting = (count: number): Span => (count > 0 ? ["yellow", String(count)] : "0");

/** Number of pending deliveries beside the record, over all sinks. */
const parkedCount = ({ checkpoint }: Record): number =>
  [...checkpoint.parked.values()].flat().reduce((sum, { count }) => sum + count, 0);

const openTasks = ({ checkpoint }: Record): number =>
  [...checkpoint.known.values()].filter(({ status }) => !isFinal(status)).length;

function show(context: Context, records: readonly Record[], isWide: boolean): void {
  const { out } = context.screen;
  const nowMs = context.clock.now();
  const names = namesOn(out, records, isWide);
  out.table(
    [
      { title: "KNOWN", align: "right" },
      { title: "OPEN", align: "right" },
      { title: "OUTBOX", align: "right" },
      { title: "PARKED", align: "right" },
      { title: "WATERMARK", isOptional: true },
      { title: "VERSION", align: "right", isOptional: true },
      { title: "STREAM", shrinks: "before-id" },
    ],
    records.map((record): Line => {
      const { checkpoint, version, key } = record;
      const { watermarkMs } = checkpoint;
      return [
        String(checkpoint.known.size),
        String(openTasks(record)),
        waiting(checkpoint.outbox.length),
        waiting(parkedCount(record)),
        watermarkMs > 0 ? instant(watermarkMs) : "-",
        String(version),
        names.stream(key),
      ];
    }),
    { isWide, below: (row) => records.slice(row, row + 1).flatMap((record) => remarks(record, nowMs)) },
  );
}

/** Lines about another run's lease and about failing sinks: a stream's deliveries wait for both. */
function remarks({ checkpoint }: Record, nowMs: number): readonly Line[] {
  const { lease, breakers } = checkpoint;
  const oldestMs = oldestPendingMs(checkpoint);
  const fenced = lease && lease.untilMs > nowMs;
  return [
    ...(oldestMs !== null ? [[`  the oldest undelivered event is of ${shortInstant(oldestMs, nowMs)}`]] : []),
    ...(fenced ? [[`  run ${lease.run} may deliver until ${instant(lease.untilMs)}`]] : []),
    ...[...breakers].map(([sink, { kind, reason, sinceMs }]): Line => {
      const style = kind === "blocked" ? "red" : "yellow";
      return ["  ", [style, `${sink} is ${kind}`], ` (${reason}) since ${shortInstant(sinceMs, nowMs)}`];
    }),
  ];
}

const iso = (ms: number | null): string | null =>
  ms === null || ms <= 0 ? null : new Date(ms).toISOString();

const failedJson = ({ key, error }: { readonly key: StreamKey; readonly error: StoreError }) => ({
  key,
  error: { code: error.code, message: error.message },
});

function asJson(record: Record) {
  const { key, version, checkpoint } = record;
  return {
    key,
    version,
    watermark: iso(checkpoint.watermarkMs),
    newestCreated: iso(checkpoint.newestCreatedMs),
    known: checkpoint.known.size,
    open: openTasks(record),
    outbox: checkpoint.outbox.length,
    parked: parkedCount(record),
    pending: Object.fromEntries(pendingCounts(checkpoint)),
    lease: checkpoint.lease && { run: checkpoint.lease.run, until: iso(checkpoint.lease.untilMs) },
    breakers: Object.fromEntries(
      [...checkpoint.breakers].map(([sink, { kind, reason, sinceMs, notBeforeMs }]) => [
        sink,
        { kind, reason, since: iso(sinceMs), notBefore: iso(notBeforeMs) },
      ]),
    ),
  };
}
