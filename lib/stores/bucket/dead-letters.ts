import { eachOf } from "../../async/each.ts";
import {
  type DeadLetter,
  type DeadLetterStore,
  decodeDeadLetter,
  encodeDeadLetter,
  matchesFilter,
} from "../../delivery/dead-letters.ts";
import { pack, unpack } from "../packed.ts";
import { type Bucket, keysIn } from "./bucket.ts";
import { segment, shortSegment } from "./keys.ts";

const kind = "dead-letters";
const callsAtOnce = 8;

/** Dead letters in an object store, one object each: `dead-letters/{sink}/{id}`. */
export function bucketDeadLetters(bucket: Bucket): DeadLetterStore {
  return {
    put: (deadLetters) =>
      eachOf(deadLetters, callsAtOnce, (deadLetter) =>
        bucket.put(keyOf(deadLetter.id), pack(encodeDeadLetter(deadLetter))),
      ),
    list: async (filter) => {
      const { sink, id } = filter;
      const folder = sink === undefined ? `${kind}/` : folderOf(sink);
      const keys = id === undefined ? await keysIn(bucket, folder) : [keyOf(id)];
      const deadLetters: DeadLetter[] = [];
      await eachOf(keys, callsAtOnce, async (key) => {
        const text = await bucket.get(key);
        if (text !== null) deadLetters.push(decodeDeadLetter(unpack(text, key), key, keyOf));
      });
      return deadLetters
        .filter((deadLetter) => matchesFilter(deadLetter, filter))
        .sort((a, b) => a.givenUpAtMs - b.givenUpAtMs || a.sequence - b.sequence);
    },
    remove: (ids) => eachOf(ids, callsAtOnce, (id) => bucket.remove(keyOf(id))),
    close: () => bucket.close(),
  };
}

const folderOf = (sink: string): string => `${kind}/${segment(sink)}/`;
/** Ids start with the sink and a colon. */
const keyOf = (id: string): string => {
  const [sink = ""] = id.split(":", 1);
  return folderOf(sink) + shortSegment(id);
};
