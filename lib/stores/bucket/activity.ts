import { eachOf } from "../../async/each.ts";
import { type ActivityIndex, openMs, owingMs } from "../../checkpoint/activity.ts";
import type { StreamKey } from "../../core/names.ts";
import { type Bucket, listed } from "./bucket.ts";
import { countdown, fromCountdown, streamAt, streamPath } from "./keys.ts";

/**
 * An empty object that marks a stream's activity. Its id is unique to its writer, so the loser of a race removes only
 * its own marker.
 */
export interface Marker {
  readonly activeMs: number;
  readonly id: string;
}

/** The markers of a bucket. */
export interface Markers {
  put(stream: StreamKey, marker: Marker): Promise<void>;
  remove(stream: StreamKey, marker: Marker): Promise<void>;
  /** Removes a busy stream's markers that were written before an instant, except one. */
  clean(stream: StreamKey, beforeMs: number, except: Marker | null): Promise<void>;
}

const kind = "activity";
const callsAtOnce = 8;
const folderOf = (stream: StreamKey, activeMs: number): string =>
  `${kind}/${countdown(activeMs)}/${streamPath(stream)}/`;
const keyOf = (stream: StreamKey, { activeMs, id }: Marker): string => folderOf(stream, activeMs) + id;

/** Creates the markers of a bucket. */
export const bucketMarkers = (bucket: Bucket): Markers => ({
  put: (stream, marker) => bucket.put(keyOf(stream, marker), ""),
  remove: (stream, marker) => bucket.remove(keyOf(stream, marker)),
  clean: async (stream, beforeMs, except) => {
    const old: string[] = [];
    for (const activeMs of [owingMs, openMs]) {
      for await (const { key, modifiedMs } of listed(bucket, folderOf(stream, activeMs)))
        if (modifiedMs < beforeMs && !(except && key === keyOf(stream, except))) old.push(key);
    }
    await eachOf(old, callsAtOnce, (key) => bucket.remove(key));
  },
});

/**
 * Activity index of a bucket: one marker per stream, its key starting with the activity as a countdown. A marker is
 * written before its commit and the previous one removed after it, so none is ever missing; an extra marker only makes
 * a stream look busy.
 */
export const bucketActivity = (bucket: Bucket): ActivityIndex => ({
  activeSince: async (ms) => {
    const found = new Map<StreamKey, number>();
    for await (const { key } of listed(bucket, `${kind}/`)) {
      const activeMs = fromCountdown(key.split("/")[1] ?? "");
      const stream = streamAt(key, 2);
      if (activeMs === null || stream === null) continue;
      if (activeMs <= ms) break;
      if (!found.has(stream)) found.set(stream, activeMs);
    }
    return found;
  },
});
