import { inFlight } from "../../async/in-flight.ts";
import { lastActiveMs } from "../../checkpoint/activity.ts";
import type { CheckpointStore, CommitResult, Version } from "../../checkpoint/store.ts";
import type { Clock } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import type { StreamKey } from "../../core/names.ts";
import { bucketMarkers, type Marker } from "./activity.ts";
import { type Bucket, keysIn, listed } from "./bucket.ts";
import { countdown, fromCountdown, streamAt, streamPath } from "./keys.ts";
import { openProbe } from "./probe.ts";
import { cleanEvery, removeOldVersions, retentionMs } from "./retention.ts";
import { decodeHead, decodeVersion, encodeVersion, type RecordVersion, readHead } from "./version.ts";

/** Parts that the checkpoints need. */
export interface BucketCheckpointDeps {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** Returns a unique text, which identifies our own commits. */
  readonly newId: () => string;
}

const kind = "checkpoints";
const folderOf = (stream: StreamKey): string => `${kind}/${streamPath(stream)}/`;
const keyOf = (stream: StreamKey, version: number): string => folderOf(stream) + countdown(version);
const nameOf = (stream: StreamKey, version: number): string => `checkpoint ${stream}, version ${version}`;

/** Owner of a version. `gone`: the versions that would tell were removed while the writer slept; it has lost. */
type VersionOwner = "ours" | "theirs" | "gone";

/** Attempts to find a version, since a listing may lag. */
const listings = 3;

/**
 * Checkpoints in an object store: one object per version, which only one writer can create; the highest version counts.
 * Old versions outlast any run, so a delayed writer collides with an existing one. A writer delayed even longer finds
 * higher versions that do not follow its own, and has lost.
 */
export function bucketCheckpoints({ bucket, clock, newId }: BucketCheckpointDeps): CheckpointStore {
  const markers = bucketMarkers(bucket);
  const proven = openProbe(bucket, newId);
  const background = inFlight(() => bucket.close());

  const read = (stream: StreamKey, version: number): Promise<string | null> =>
    bucket.get(keyOf(stream, version));

  async function newestListed(stream: StreamKey): Promise<number> {
    const [first] = await bucket.list(folderOf(stream), { max: 1 });
    if (!first) return 0;
    const version = fromCountdown(first.key.slice(folderOf(stream).length));
    if (version !== null) return version;
    throw new StoreError(
      "corrupt",
      `checkpoint ${stream}: ${bucket.name} has an object ${first.key} that is no version of it`,
    );
  }

  /** The newest version, even when the listing lags. */
  async function newest(stream: StreamKey): Promise<{ version: number; text: string } | null> {
    for (let count = 1; count <= listings; count++) {
      const seen = await newestListed(stream);
      // The first version is never removed; a listing without it may be late.
      let version = Math.max(seen, 1);
      let [text, above] = await Promise.all([read(stream, version), read(stream, version + 1)]);
      while (above !== null) {
        version += 1;
        text = above;
        above = await read(stream, version + 1);
      }
      if (text !== null) return { version, text };
      if (seen === 0) return null;
    }
    throw new StoreError(
      "unavailable",
      `checkpoint ${stream}: ${bucket.name} lists a version that it does not have`,
    );
  }

  /** Creates a version, or finds out who owns it, even when the store's response was lost. */
  async function create(stream: StreamKey, version: number, written: RecordVersion): Promise<VersionOwner> {
    let failure: StoreError | null = null;
    try {
      if (await bucket.create(keyOf(stream, version), encodeVersion(stream, written))) return "ours";
    } catch (error) {
      if (!(error instanceof StoreError && error.reason === "unavailable")) throw error;
      failure = error;
    }
    const found = await read(stream, version);
    if (found !== null) {
      const { writtenBy } = decodeHead(found, nameOf(stream, version));
      return writtenBy === written.writtenBy ? "ours" : "theirs";
    }
    // Not visible yet; it may still appear.
    if (failure) throw failure;
    return "gone";
  }

  /** Whether our version is part of the record's history: the highest, or followed by the next. */
  async function standing(
    stream: StreamKey,
    version: number,
    { writtenBy }: RecordVersion,
  ): Promise<VersionOwner> {
    if ((await newestListed(stream)) <= version) return "ours";
    const next = await read(stream, version + 1);
    if (next === null) return "gone";
    return decodeHead(next, nameOf(stream, version + 1)).follows === writtenBy ? "ours" : "theirs";
  }

  /** Removes old versions. `sinceMs` lies before the version was written, so that later versions never count as old. */
  function cleanInBackground(
    stream: StreamKey,
    version: number,
    { marker, sinceMs }: { readonly marker: Marker; readonly sinceMs: number },
  ): void {
    const beforeMs = sinceMs - retentionMs;
    const clean = async (): Promise<void> => {
      await removeOldVersions(bucket, { folder: folderOf(stream), newest: version, beforeMs });
      await markers.clean(stream, beforeMs, marker);
    };
    // The next cleanup finds what this one leaves.
    void background.track(clean().catch(passOver));
  }

  return {
    load: async (stream) => {
      const found = await newest(stream);
      if (!found) return null;
      const { checkpoint } = decodeVersion(stream, found.text, nameOf(stream, found.version));
      return { checkpoint, version: found.version as Version };
    },
    commit: async (stream, next, expected): Promise<CommitResult> => {
      const nowMs = clock.now();
      const [text] = await Promise.all([expected === null ? null : read(stream, expected), proven()]);
      if (expected !== null && text === null) return { kind: "conflict" };
      const before = expected && text ? decodeHead(text, nameOf(stream, expected)) : null;
      const version = ((expected ?? 0) + 1) as Version;
      const writtenBy = newId();
      const activeMs = lastActiveMs(next, nowMs);
      const isMarked = before !== null && before.marker.activeMs === activeMs;
      const marker = isMarked ? before.marker : { activeMs, id: writtenBy };
      const written = { writtenBy, follows: before?.writtenBy ?? null, marker, checkpoint: next };

      if (!isMarked) await markers.put(stream, marker);
      const created = await create(stream, version, written);
      const outcome = created === "ours" ? await standing(stream, version, written) : created;
      const done = { ours: before?.marker, theirs: marker, gone: null }[outcome];
      // A leftover marker only makes the stream look busy.
      if (!isMarked && done) await markers.remove(stream, done).catch(passOver);
      if (outcome !== "ours") return { kind: "conflict" };
      if (version % cleanEvery === 0) cleanInBackground(stream, version, { marker, sinceMs: nowMs });
      return { kind: "committed", version };
    },
    list: async () => {
      const streams = new Set<StreamKey>();
      for await (const { key } of listed(bucket, `${kind}/`)) {
        const stream = streamAt(key, 1);
        if (stream) streams.add(stream);
      }
      return [...streams];
    },
    reset: async (stream) => {
      const keys = await keysIn(bucket, folderOf(stream));
      const [newestKey] = keys;
      const text = newestKey === undefined ? null : await bucket.get(newestKey);
      // Oldest first: an interrupted reset must not restore an older record.
      for (const key of keys.toReversed()) await bucket.remove(key);
      await markers.clean(stream, Number.POSITIVE_INFINITY, null);
      // The record may be reset because it is corrupt.
      const marker = text === null ? null : readHead(text)?.marker;
      if (marker) await markers.remove(stream, marker);
    },
    close: background.close,
  };
}

function passOver(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
}
