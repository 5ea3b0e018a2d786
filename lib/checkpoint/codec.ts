import * as v from "valibot";
import { eventJson } from "../change/event.ts";
import type { KnownTask } from "../change/known.ts";
import { StoreError } from "../core/errors.ts";
import { runId, type StreamKey, sinkName, taskId } from "../core/names.ts";
import { failureReasons } from "../core/result.ts";
import { parseExactJson, withMember } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";
import type { Checkpoint, OutboxEntry } from "./checkpoint.ts";
import { eventSchema } from "./event-shape.ts";
import { batchId } from "./parked.ts";

/** Version of the stored format. A newer version is refused and never overwritten. */
const format = 1;

const overdueFlag = 1;

const ms = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const besideSchema = v.strictObject({
  doubt: v.nullable(v.strictObject({ status: v.string(), sinceMs: ms })),
  past: v.array(v.strictTuple([v.string(), v.nullable(ms)])),
  gone: v.nullable(v.strictObject({ sinceMs: ms, nextLookMs: v.nullable(ms) })),
});

const recordSchema = v.strictObject({
  format: v.literal(format),
  stream: v.string(),
  watermarkMs: ms,
  newestCreatedMs: v.nullable(ms),
  baselineMs: v.nullable(ms),
  goneMs: v.nullable(ms),
  instanceName: v.nullable(v.string()),
  outage: v.nullable(
    v.strictObject({
      sinceMs: ms,
      code: v.string(),
      message: v.string(),
      httpStatus: v.nullable(count),
      emittedMs: v.nullable(ms),
    }),
  ),
  /** Compact rows, since a record may hold thousands. */
  known: v.array(
    v.strictTuple([v.string(), v.string(), ms, v.nullable(ms), v.string(), v.picklist([0, overdueFlag])]),
  ),
  /** Details of the few known tasks that have any. */
  beside: v.array(v.strictTuple([v.string(), besideSchema])),
  durations: v.array(v.strictTuple([v.string(), v.array(ms)])),
  outbox: v.array(
    v.strictObject({
      sequence: ms,
      event: eventSchema,
      committedAtMs: ms,
      pending: v.array(v.strictTuple([v.string(), v.pipe(v.number(), v.integer()), ms])),
    }),
  ),
  parked: v.array(v.strictTuple([v.string(), v.array(v.strictTuple([v.string(), count, count, count, ms]))])),
  nextSequence: ms,
  lease: v.nullable(v.strictObject({ run: v.string(), untilMs: ms })),
  breakers: v.array(
    v.strictTuple([
      v.string(),
      v.picklist(["retrying", "failing", "blocked"]),
      v.picklist(failureReasons),
      ms,
      ms,
      v.string(),
      v.nullable(count),
    ]),
  ),
  messages: v.array(v.strictTuple([v.string(), v.array(v.strictTuple([v.string(), v.string()]))])),
});

type RecordRow = v.InferOutput<typeof recordSchema>;

/** Encodes a stream's checkpoint as JSON with a checksum, so that corrupted data is never delivered. */
export function encodeCheckpoint(stream: StreamKey, checkpoint: Checkpoint): string {
  const row: Omit<RecordRow, "outbox"> = {
    format,
    stream,
    watermarkMs: checkpoint.watermarkMs,
    newestCreatedMs: checkpoint.newestCreatedMs,
    baselineMs: checkpoint.baselineMs,
    goneMs: checkpoint.goneMs,
    instanceName: checkpoint.instanceName,
    outage: checkpoint.outage,
    known: Array.from(checkpoint.known, ([id, task]) => [
      id,
      task.status,
      task.createdAtMs,
      task.updatedAtMs,
      task.name,
      task.overdueEmitted ? overdueFlag : 0,
    ]),
    beside: Array.from(checkpoint.known).flatMap(besideRow),
    durations: Array.from(checkpoint.durations, ([name, lasted]) => [name, [...lasted]]),
    parked: Array.from(checkpoint.parked, ([sink, batches]) => [
      sink,
      batches.map(({ id, returned, count, bytes, oldestMs }) => [id, returned, count, bytes, oldestMs]),
    ]),
    nextSequence: checkpoint.nextSequence,
    lease: checkpoint.lease,
    breakers: Array.from(checkpoint.breakers, ([sink, state]) => [
      sink,
      state.kind,
      state.reason,
      state.sinceMs,
      state.notBeforeMs,
      state.message,
      state.httpStatus,
    ]),
    messages: Array.from(checkpoint.messages, ([task, bySink]) => [task, [...bySink]]),
  };
  return sealed(withMember(JSON.stringify(row), "outbox", `[${checkpoint.outbox.map(outboxRow)}]`));
}

function outboxRow({ sequence, committedAtMs, pending, event }: OutboxEntry): string {
  const row: Omit<RecordRow["outbox"][number], "event"> = {
    sequence,
    committedAtMs,
    pending: Array.from(pending, ([sink, { attempts, nextAttemptMs }]) => [sink, attempts, nextAttemptMs]),
  };
  return withMember(JSON.stringify(row), "event", eventJson(event));
}

/**
 * Decodes a stream's stored record.
 * @throws StoreError `corrupt` when the text was altered, has a newer format, or is another stream's record
 */
export function decodeCheckpoint(stream: StreamKey, text: string): Checkpoint {
  const json = unsealed(text);
  if (json === null) throw new StoreError("corrupt", "the record does not match its checksum");
  const value = parseExactJson(json);
  const found = v.safeParse(v.looseObject({ format: v.number() }), value);
  if (found.success && found.output.format > format) {
    throw new StoreError(
      "corrupt",
      `the record has format ${found.output.format}, this version reads ${format}: upgrade dms-task-bridge`,
    );
  }
  const result = v.safeParse(recordSchema, value);
  if (!result.success) {
    const issue = result.issues[0];
    throw new StoreError("corrupt", `the record is damaged at ${v.getDotPath(issue) ?? "its root"}`);
  }
  const row = result.output;
  if (row.stream !== stream) throw new StoreError("corrupt", `the record of another stream: ${row.stream}`);
  const beside = new Map(row.beside);
  return {
    watermarkMs: row.watermarkMs,
    newestCreatedMs: row.newestCreatedMs,
    baselineMs: row.baselineMs,
    goneMs: row.goneMs,
    instanceName: row.instanceName,
    outage: row.outage,
    known: new Map(
      row.known.map(([id, status, createdAtMs, updatedAtMs, name, flag]) => [
        taskId(id),
        {
          status,
          createdAtMs,
          updatedAtMs,
          name,
          overdueEmitted: flag === overdueFlag,
          ...besideOf(beside.get(id)),
        },
      ]),
    ),
    durations: new Map(row.durations),
    outbox: row.outbox.map((entry) => ({
      ...entry,
      pending: new Map(
        entry.pending.map(([sink, attempts, nextAttemptMs]) => [sinkName(sink), { attempts, nextAttemptMs }]),
      ),
    })),
    parked: new Map(
      row.parked.map(([sink, batches]) => [
        sinkName(sink),
        batches.map(([id, returned, count, bytes, oldestMs]) => ({
          id: batchId(id),
          returned,
          count,
          bytes,
          oldestMs,
        })),
      ]),
    ),
    nextSequence: row.nextSequence,
    lease: row.lease && { run: runId(row.lease.run), untilMs: row.lease.untilMs },
    breakers: new Map(
      row.breakers.map(([sink, kind, reason, sinceMs, notBeforeMs, message, httpStatus]) => [
        sinkName(sink),
        { kind, reason, sinceMs, notBeforeMs, message, httpStatus },
      ]),
    ),
    messages: new Map(
      row.messages.map(([task, bySink]) => [
        taskId(task),
        new Map(bySink.map(([sink, message]) => [sinkName(sink), message])),
      ]),
    ),
  };
}

type BesideRow = v.InferOutput<typeof besideSchema>;

function besideRow([id, { doubt, past, gone }]: [string, KnownTask]): [string, BesideRow][] {
  if (doubt === null && gone === null && past.length === 0) return [];
  return [[id, { doubt, past: past.map(({ status, updatedAtMs }) => [status, updatedAtMs]), gone }]];
}

const plain = { doubt: null, past: [], gone: null };

function besideOf(row: BesideRow | undefined): Pick<KnownTask, "doubt" | "past" | "gone"> {
  return row ? { ...row, past: row.past.map(([status, updatedAtMs]) => ({ status, updatedAtMs })) } : plain;
}
