import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import { StoreError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import { parseExactJson } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";
import { eventSchema } from "./event-shape.ts";

/** A delivery that its sink's share of the record has no room for. It was never tried. */
export interface ParkedDelivery {
  /** The event's place in its stream's order. */
  readonly sequence: number;
  readonly event: CloudEvent;
  readonly committedAtMs: number;
}

/** A batch's name: never used before, so that no late writer can change what a record names. */
export type BatchId = string & { readonly batch: unique symbol };

export const batchId = (text: string): BatchId => text as BatchId;

/** What a record says of one batch of deliveries that wait beside it. */
export interface ParkedBatch {
  readonly id: BatchId;
  /** Deliveries at its front that have come back into the record. */
  readonly returned: number;
  /** Deliveries that still wait. */
  readonly count: number;
  /** Of the events that still wait, as JSON. */
  readonly bytes: number;
  /** When the oldest of them was committed. */
  readonly oldestMs: number;
}

/**
 * Where deliveries wait beside the record that names them. A batch is written before the commit that names it and
 * removed after the commit that does not: what no record names is left over from a crash. Every method throws StoreError
 * when the store cannot answer.
 */
export interface ParkedStore {
  /** Durable when it resolves. A batch is written once and never changes. */
  put(stream: StreamKey, id: BatchId, deliveries: readonly ParkedDelivery[]): Promise<void>;
  /** Null when there is no such batch; never null for one that is there but cannot be read. */
  get(stream: StreamKey, id: BatchId): Promise<readonly ParkedDelivery[] | null>;
  remove(stream: StreamKey, ids: readonly BatchId[]): Promise<void>;
  /** Every batch of the stream, whether or not its record names it. */
  list(stream: StreamKey): Promise<readonly BatchId[]>;
  close(): Promise<void>;
}

const batchSchema = v.strictObject({
  deliveries: v.array(
    v.strictObject({
      sequence: v.pipe(v.number(), v.finite()),
      event: eventSchema,
      committedAtMs: v.pipe(v.number(), v.finite()),
    }),
  ),
});

/** A batch as JSON text with a checksum. */
export const encodeBatch = (deliveries: readonly ParkedDelivery[]): string =>
  sealed(JSON.stringify({ deliveries }));

/**
 * Reads a stored batch back.
 * @throws StoreError `corrupt` when the text is not what was written
 */
export function decodeBatch(id: BatchId, text: string): readonly ParkedDelivery[] {
  const json = unsealed(text);
  if (json === null) throw new StoreError("corrupt", `the parked batch ${id} does not match its checksum`);
  const result = v.safeParse(batchSchema, parseExactJson(json));
  if (result.success) return result.output.deliveries;
  const place = v.getDotPath(result.issues[0]) ?? "its root";
  throw new StoreError("corrupt", `the parked batch ${id} is damaged at ${place}`);
}
