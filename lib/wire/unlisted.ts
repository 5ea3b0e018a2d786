import { isBusy, owingMs } from "../checkpoint/activity.ts";
import { parseStreamKey, type Stream, type StreamKey, streamKey } from "../core/names.ts";
import { type Discovery, isWatched, type ListedStreams } from "../source/discovery.ts";

/** A source with its known instances; null when they could not be listed. */
export interface ListedSource {
  readonly discovery: Discovery;
  readonly listed: ListedStreams | null;
}

/** A stream with a record that is in no list of instances. */
export interface UnlistedStream {
  readonly stream: Stream;
  /** Source to read it from; null for a stream with only pending deliveries. */
  readonly from: Discovery | null;
  /** When a complete list of instances lacked it, epoch milliseconds; undefined when none did. */
  readonly absentMs: number | undefined;
}

/**
 * Finds streams to run that are in no list, from the records in the index:
 * - the source could not be listed, or not completely: the stream is read as usual;
 * - a complete list lacks it: its deliveries are sent, and its open tasks end when the next list lacks it too;
 * - it is no longer watched: only its deliveries are sent.
 */
export function unlistedStreams(
  records: ReadonlyMap<StreamKey, number>,
  sources: readonly ListedSource[],
): readonly UnlistedStream[] {
  if (records.size === 0) return [];
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
