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

export interface BucketCheckpointDeps {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** A text never given before: it tells a commit of ours from another's. */
  readonly newId: () => string;
}

const kind = "checkpoints";
const folderOf = (stream: StreamKey): string => `${kind}/${streamPath(stream)}/`;
const keyOf = (stream: StreamKey, version: number): string => folderOf(stream) + countdown(version);
const nameOf = (stream: StreamKey, version: number): string => `checkpoint ${stream}, version ${version}`;

/** Whose a version is; `gone` where a writer slept until the versions that would tell were removed: it has lost. */
type Outcome = "ours" | "theirs" | "gone";

/** A listing may be behind: how often it is asked again for a version that is not there. */
const listings = 3;

/**
 * Checkpoints in an object store: an object for each version, which only one writer can create, and the highest counts.
 * Older ones are kept for longer than a run can last, so that a writer that slept meets the version that went before its
 * own. One that slept even longer finds higher versions after its commit, which do not follow it, and has lost.
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

  /** The newest version, above what a late listing says. */
  async function newest(stream: StreamKey): Promise<{ version: number; text: string } | null> {
    for (let count = 1; count <= listings; count++) {
      const seen = await newestListed(stream);
      // The first is kept for good: a listing without it may be late.
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

  /** Creates a version, or finds out whose it is, also where the store's answer was lost. */
  async function create(stream: StreamKey, version: number, written: RecordVersion): Promise<Outcome> {
    let failure: StoreError | null = null;
    try {
      if (await bucket.create(keyOf(stream, version), encodeVersion(written))) return "ours";
    } catch (error) {
      if (!(error instanceof StoreError && error.reason === "unavailable")) throw error;
      failure = error;
    }
    const found = await read(stream, version);
    if (found !== null) {
      const { writtenBy } = decodeHead(found, nameOf(stream, version));
      return writtenBy === written.writtenBy ? "ours" : "theirs";
    }
    // Not there yet, and it may still come.
    if (failure) throw failure;
    return "gone";
  }

  /** Whether a version that we created is part of the record's history: the highest, or followed by the next. */
  async function standing(
    stream: StreamKey,
    version: number,
    { writtenBy }: RecordVersion,
  ): Promise<Outcome> {
    if ((await newestListed(stream)) <= version) return "ours";
    const next = await read(stream, version + 1);
    if (next === null) return "gone";
    return decodeHead(next, nameOf(stream, version + 1)).follows === writtenBy ? "ours" : "theirs";
  }

  /** `sinceMs`: before the version was written, so that nothing which came after it counts as old, however late this is. */
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
    // What one leaves, the next one finds.
    void background.track(clean().catch(passOver));
  }

  return {
    load: async (stream) => {
      const found = await newest(stream);
      if (!found) return null;
      const { checkpoint } = decodeVersion(found.text, nameOf(stream, found.version));
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
      // One that stays says too much, and never too little.
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
      // The oldest first: a reset that breaks off must not bring an older record back.
      for (const key of keys.toReversed()) await bucket.remove(key);
      await markers.clean(stream, Number.POSITIVE_INFINITY, null);
      // A record may be reset because it is damaged.
      const marker = text === null ? null : readHead(text)?.marker;
      if (marker) await markers.remove(stream, marker);
    },
    close: background.close,
  };
}

function passOver(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
}
