import { eachOf } from "../../async/each.ts";
import {
  type BatchId,
  batchId,
  decodeBatch,
  encodeBatch,
  type ParkedStore,
} from "../../checkpoint/parked.ts";
import type { StreamKey } from "../../core/names.ts";
import { pack, unpack } from "../packed.ts";
import { bytesOf, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/** Prefix of every batch's `sk`; its `pk` is that of the stream's checkpoint. */
const parkedKind = "parked:";
const callsAtOnce = 8;

/** Parked deliveries in the checkpoint table: one item per batch, without expiry. */
export function dynamodbParked(table: Table): ParkedStore {
  return {
    put: async (stream, id, deliveries) => {
      await table.put(keyOf(stream, id), { batch: { B: pack(encodeBatch(stream, id, deliveries)) } });
    },
    get: async (stream, id) => {
      const item = await table.get(keyOf(stream, id));
      return item && decodeBatch(stream, id, unpack(bytesOf(item, "batch"), `the parked batch ${id}`));
    },
    remove: (stream, ids) => eachOf(ids, callsAtOnce, (id) => table.delete(keyOf(stream, id))),
    list: async (stream) => {
      const items = await table.query(stream, parkedKind, "sk");
      return items.map((item) => batchId(textOf(item, "sk").slice(parkedKind.length)));
    },
    close: () => table.close(),
  };
}

const keyOf = (stream: StreamKey, id: BatchId) => ({ pk: stream, sk: `${parkedKind}${id}` });
