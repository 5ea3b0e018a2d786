import { isFinal } from "../../change/task.ts";
import { oldestPendingMs, pendingCounts } from "../../checkpoint/pending.ts";
import type { Stored } from "../../checkpoint/store.ts";
import type { StreamKey } from "../../core/names.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { selectStreams } from "../arguments.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { confirm } from "../screen/confirm.ts";
import { age, count, instant } from "../screen/format.ts";
import type { Line, Span } from "../screen/text.ts";
import { withBridge } from "../session.ts";

interface Record extends Stored {
  readonly key: StreamKey;
}

/** Shows the durable record of the named streams, or of all. */
export const showCheckpoints = (context: Context, stream: string | undefined): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const { out } = context.screen;
    const records = await readRecords(bridge, stream);
    if (context.json) out.json({ checkpoints: records.map(asJson) });
    else if (records.length === 0) out.line("No checkpoint yet: the first poll writes it.");
    else show(context, records);
    return 0;
  });

/** Deletes records. Says what would be lost and asks first. */
export const resetCheckpoints = (
  context: Context,
  stream: string | undefined,
  yes: boolean,
): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const keys = selectStreams("STREAM", stream, await bridge.checkpoints.list());
    // No record is loaded here: an unreadable one must still be resettable.
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

async function readRecords(bridge: Bridge, stream: string | undefined): Promise<readonly Record[]> {
  const keys = selectStreams("STREAM", stream, await bridge.checkpoints.list());
  const records = await Promise.all(
    keys.map(async (key) => {
      const stored = await bridge.checkpoints.load(key);
      return stored ? [{ key, ...stored }] : [];
    }),
  );
  return records.flat();
}

const waiting = (count: number): Span => (count > 0 ? ["yellow", String(count)] : "0");

/** Number of pending deliveries beside the record, over all sinks. */
const parkedCount = ({ checkpoint }: Record): number =>
  [...checkpoint.parked.values()].flat().reduce((sum, { count }) => sum + count, 0);

const openTasks = ({ checkpoint }: Record): number =>
  [...checkpoint.known.values()].filter(({ status }) => !isFinal(status)).length;

function show(context: Context, records: readonly Record[]): void {
  const { out } = context.screen;
  const nowMs = context.clock.now();
  out.table(
    [
      { title: "KNOWN", align: "right" },
      { title: "OPEN", align: "right" },
      { title: "OUTBOX", align: "right" },
      { title: "PARKED", align: "right" },
      { title: "WATERMARK" },
      { title: "VERSION", align: "right" },
      { title: "STREAM" },
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
        key,
      ];
    }),
  );
  for (const record of records) for (const line of remarks(record, nowMs)) out.line(...line);
}

/** Reasons that block a stream: another run's lease, or failing sinks. */
function remarks({ key, checkpoint }: Record, nowMs: number): readonly Line[] {
  const { lease, breakers } = checkpoint;
  const oldestMs = oldestPendingMs(checkpoint);
  const fenced = lease && lease.untilMs > nowMs;
  return [
    ...(oldestMs !== null ? [[`${key}: the oldest undelivered event is ${age(nowMs - oldestMs)} old`]] : []),
    ...(fenced ? [[`${key}: run ${lease.run} may deliver until ${instant(lease.untilMs)}`]] : []),
    ...[...breakers].map(([sink, { kind, reason, sinceMs }]): Line => {
      const style = kind === "blocked" ? "red" : "yellow";
      return [`${key}: `, [style, `${sink} is ${kind}`], ` (${reason}) since ${instant(sinceMs)}`];
    }),
  ];
}

const iso = (ms: number | null): string | null =>
  ms === null || ms <= 0 ? null : new Date(ms).toISOString();

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
