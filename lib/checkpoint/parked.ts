import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import { StoreError } from "../core/errors.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { parseExactJson } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";
import { eventSchema } from "./event-shape.ts";

/** A delivery that its sink's share of the record has no room for. It was never tried. */
export interface ParkedDelivery {
  /** Position in the stream's order. */
  readonly sequence: number;
  readonly event: CloudEvent;
  readonly committedAtMs: number;
}

/** Id of a batch. Ids are never reused, so a late writer cannot change a batch that a record names. */
export type BatchId = string & { readonly batch: unique symbol };

/** Brands a text as a batch id. */
export const batchId = (text: string): BatchId => text as BatchId;

/** A record's reference to a parked batch. */
export interface ParkedBatch {
  readonly id: BatchId;
  /** Deliveries at the front that have returned to the record. */
  readonly returned: number;
  /** Deliveries still parked. */
  readonly count: number;
  /** Size of the events still parked, as JSON, bytes. */
  readonly bytes: number;
  /** Commit time of the oldest event still parked, epoch milliseconds. */
  readonly oldestMs: number;
}

/**
 * Stores deliveries outside the record that names them. A batch is written before the commit that names it and removed
 * after the commit that no longer does, so an unnamed batch is left over from a crash.
 * @throws StoreError from every method when the store is unavailable
 */
export interface ParkedStore {
  /** Durable when it resolves. A batch is written once and never changes. */
  put(stream: StreamKey, id: BatchId, deliveries: readonly ParkedDelivery[]): Promise<void>;
  /** Null when the batch does not exist; an unreadable batch rejects instead. */
  get(stream: StreamKey, id: BatchId): Promise<readonly ParkedDelivery[] | null>;
  remove(stream: StreamKey, ids: readonly BatchId[]): Promise<void>;
  /** Lists every batch of the stream, named by its record or not. */
  list(stream: StreamKey): Promise<readonly BatchId[]>;
  close(): Promise<void>;
}

/** The error for parked deliveries that the store no longer has. */
export const lostError = (sink: SinkName, count: number): StoreError => {
  const [what, are] = count === 1 ? ["delivery", "is"] : ["deliveries", "are"];
  return new StoreError("corrupt", `${count} ${what} parked for ${sink} ${are} missing from the store`);
};

/** Reads a sink's deliveries still parked, in order. @throws StoreError, also at the end where batches are missing */
export async function* parkedFor(
  store: Pick<ParkedStore, "get">,
  stream: StreamKey,
  { sink, batches }: { readonly sink: SinkName; readonly batches: readonly ParkedBatch[] },
): AsyncGenerator<ParkedDelivery> {
  let lost = 0;
  for (const { id, returned, count } of batches) {
    const deliveries = await store.get(stream, id);
    if (deliveries) yield* deliveries.slice(returned);
    else lost += count;
  }
  if (lost > 0) throw lostError(sink, lost);
}

const batchSchema = v.strictObject({
  stream: v.string(),
  id: v.string(),
  deliveries: v.array(
    v.strictObject({
      sequence: v.pipe(v.number(), v.finite()),
      event: eventSchema,
      committedAtMs: v.pipe(v.number(), v.finite()),
    }),
  ),
});

/** Encodes a stream's batch as JSON with a checksum. */
export const encodeBatch = (stream: StreamKey, id: BatchId, deliveries: readonly ParkedDelivery[]): string =>
  sealed(JSON.stringify({ stream, id, deliveries }));

/**
 * Decodes a stream's stored batch.
 * @throws StoreError `corrupt` when the text was altered, or is another batch
 */
export function decodeBatch(stream: StreamKey, id: BatchId, text: string): readonly ParkedDelivery[] {
  const json = unsealed(text);
  if (json === null) throw new StoreError("corrupt", `the parked batch ${id} does not match its checksum`);
  const result = v.safeParse(batchSchema, parseExactJson(json));
  if (result.success) {
    const { output } = result;
    if (output.stream === stream && output.id === id) return output.deliveries;
    const other = `${output.id} of ${output.stream}`;
    throw new StoreError("corrupt", `the parked batch ${id} is another: ${other}`);
  }
  const place = v.getDotPath(result.issues[0]) ?? "its root";
  throw new StoreError("corrupt", `the parked batch ${id} is damaged at ${place}`);
}
