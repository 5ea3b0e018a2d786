import { isBusy, owingMs } from "../checkpoint/activity.ts";
import { parseStreamKey, type Stream, type StreamKey, streamKey } from "../core/names.ts";
import { type Discovery, isWatched, type Listed } from "../source/discovery.ts";

/** A source and what is known of its instances now; null where they could not be listed. */
export interface ListedSource {
  readonly discovery: Discovery;
  readonly listed: Listed | null;
}

/** A stream that has a record and is in no list of instances. */
export interface UnlistedStream {
  readonly stream: Stream;
  /** The source to read it from; null for a stream that is only owed its deliveries. */
  readonly from: Discovery | null;
  /** When a whole list of the instances lacked it; undefined where no such list says so. */
  readonly absentMs: number | undefined;
}

/**
 * The streams to serve beside the listed ones, by the records that the index named:
 * - the source lists all instances, and could not, or not all of them: the stream is read like any other;
 * - a whole list lacks it: it owes its deliveries, and its open tasks end when the next list lacks it too;
 * - the configuration does not watch it any more: it owes its deliveries, and its open tasks are nobody's.
 */
export function unlistedStreams(
  records: ReadonlyMap<StreamKey, number>,
  sources: readonly ListedSource[],
): readonly UnlistedStream[] {
  const isListed = new Set(
    sources.flatMap(({ listed }) => listed?.streams ?? []).map(({ stream }) => streamKey(stream)),
  );
  const found: UnlistedStream[] = [];
  for (const [key, activeMs] of records) {
    const stream = isListed.has(key) ? null : parseStreamKey(key);
    if (!stream) continue;
    const watching = sources.find(({ discovery }) => isWatched(discovery.config, stream));
    const from = watching?.discovery ?? null;
    const absentMs = watching?.listed?.isWhole ? watching.listed.atMs : undefined;
    const isServed = from ? absentMs === undefined || isBusy(activeMs) : activeMs === owingMs;
    if (isServed) found.push({ stream, from, absentMs });
  }
  return found;
}
