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
import { type Bucket, keysIn } from "./bucket.ts";
import { segment, streamPath } from "./keys.ts";

const callsAtOnce = 8;

/** Parked deliveries in an object store, one object per batch: `parked/{stream}/{id}`. */
export function bucketParked(bucket: Bucket): ParkedStore {
  return {
    put: (stream, id, deliveries) => bucket.put(keyOf(stream, id), pack(encodeBatch(stream, id, deliveries))),
    get: async (stream, id) => {
      const text = await bucket.get(keyOf(stream, id));
      return text === null ? null : decodeBatch(stream, id, unpack(text, `the parked batch ${id}`));
    },
    remove: (stream, ids) => eachOf(ids, callsAtOnce, (id) => bucket.remove(keyOf(stream, id))),
    list: async (stream) => {
      const folder = folderOf(stream);
      const keys = await keysIn(bucket, folder);
      return keys.map((key) => batchId(decodeURIComponent(key.slice(folder.length))));
    },
    close: () => bucket.close(),
  };
}

const folderOf = (stream: StreamKey): string => `parked/${streamPath(stream)}/`;
const keyOf = (stream: StreamKey, id: BatchId): string => folderOf(stream) + segment(id);
