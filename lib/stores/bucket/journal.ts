import { eachOf } from "../../async/each.ts";
import type { JournalPage, JournalPages } from "../paged-journal.ts";
import { type Bucket, keysIn, listed } from "./bucket.ts";

const kind = "journal/";
const callsAtOnce = 16;

/** The journal's pages in an object store, one object each: `journal/{key}`. */
export const bucketJournalPages = (bucket: Bucket): JournalPages => ({
  put: ({ key, text }) => bucket.put(kind + key, text),
  async *read({ from, until, newestFirst }) {
    const found: string[] = [];
    for await (const { key } of listed(bucket, kind, kind + from)) {
      if (key > kind + until) break;
      found.push(key);
    }
    if (newestFirst) found.reverse();
    for (let at = 0; at < found.length; at += callsAtOnce)
      yield* await pagesAt(bucket, found.slice(at, at + callsAtOnce));
  },
  async *keys() {
    for (const key of (await keysIn(bucket, kind)).toReversed()) yield key.slice(kind.length);
  },
  remove: (keys) => eachOf(keys, callsAtOnce, (key) => bucket.remove(kind + key)),
  close: () => bucket.close(),
});

/** Reads objects concurrently; one that was removed meanwhile is left out. */
async function pagesAt(bucket: Bucket, keys: readonly string[]): Promise<readonly JournalPage[]> {
  const texts = await Promise.all(keys.map((key) => bucket.get(key)));
  return keys.flatMap((key, index) => {
    const text = texts[index] ?? null;
    return text === null ? [] : [{ key: key.slice(kind.length), text }];
  });
}
