import type { Clock } from "../../../lib/core/clock.ts";
import type { Bucket } from "../../../lib/stores/bucket/bucket.ts";

interface StoredObject {
  readonly text: string;
  readonly modifiedMs: number;
}

/** A bucket in memory that never fails, and its objects. */
export function memoryBucket(clock: Clock): {
  readonly bucket: Bucket;
  readonly objects: Map<string, StoredObject>;
} {
  const objects = new Map<string, StoredObject>();
  const put = (key: string, text: string): void => void objects.set(key, { text, modifiedMs: clock.now() });
  const bucket: Bucket = {
    name: "bucket in memory",
    create: async (key, text) => {
      if (objects.has(key)) return false;
      put(key, text);
      return true;
    },
    put: async (key, text) => put(key, text),
    get: async (key) => objects.get(key)?.text ?? null,
    list: async (prefix, { after = "", max = 1_000 } = {}) =>
      Array.from(objects, ([key, { modifiedMs }]) => ({ key, modifiedMs }))
        .filter(({ key }) => key.startsWith(prefix) && key > after)
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .slice(0, max),
    remove: async (key) => void objects.delete(key),
    close: async () => {},
  };
  return { bucket, objects };
}
