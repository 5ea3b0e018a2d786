import { parseStreamKey } from "../core/names.ts";
import type { StreamStatus } from "./streams.ts";

/** First characters of an instance's id in its short name; more where two ids begin alike. */
const prefixLength = 6;

/** Short names of streams by key, to read and to type: `orders (1a2b3c)`. A key of another form stands for itself. */
export function shortNames(
  streams: readonly Pick<StreamStatus, "key" | "name">[],
): ReadonlyMap<string, string> {
  const ids = new Set(streams.flatMap(({ key }) => parseStreamKey(key)?.instanceId ?? []));
  return new Map(
    streams.map(({ key, name }) => {
      const stream = parseStreamKey(key);
      if (!stream) return [key, key];
      return [key, `${name ?? stream.engine} (${uniquePrefix(stream.instanceId, ids)})`];
    }),
  );
}

function uniquePrefix(id: string, ids: ReadonlySet<string>): string {
  for (let length = prefixLength; length < id.length; length += 1) {
    const prefix = id.slice(0, length);
    if (!ids.values().some((other) => other !== id && other.startsWith(prefix))) return prefix;
  }
  return id;
}
