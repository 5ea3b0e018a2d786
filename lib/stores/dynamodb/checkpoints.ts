import { isBusy, lastActiveMs } from "../../checkpoint/activity.ts";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { encodeCheckpoint } from "../../checkpoint/codec.ts";
import type { CheckpointStore, Version } from "../../checkpoint/store.ts";
import type { Clock } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import type { StreamKey } from "../../core/names.ts";
import { pack, unpack } from "../packed.ts";
import { decodeRecord } from "../record.ts";
import { activityAttributes } from "./activity.ts";
import { bytesOf, type Item, numberOf, textOf } from "./item.ts";
import type { Expression, Table } from "./table.ts";

const dayMs = 86_400_000;
/** Time to live of a record, milliseconds: a stream that no run loads for this long is gone. */
const keptMs = 90 * dayMs;
/** Age from which a load extends the time to live, milliseconds; most loads only read. */
const extendedAfterMs = 30 * dayMs;

/** Parts that the checkpoints need. */
export interface DynamodbCheckpointDeps {
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a unique text, which identifies our own commits. */
  readonly newId: () => string;
}

/**
 * Checkpoints in DynamoDB: one item per stream, written whole with its version. Commits, and loads of a record that is
 * a month old, extend its time to live, so a watched stream without changes keeps its record. Records with pending
 * deliveries or open tasks do not expire.
 */
export function dynamodbCheckpoints({ table, clock, newId }: DynamodbCheckpointDeps): CheckpointStore {
  const expiry = () => ({ N: String(Math.ceil((clock.now() + keptMs) / 1_000)) });

  async function extend(stream: StreamKey, item: Item): Promise<void> {
    if (!("expiresAt" in item)) return;
    const leftMs = numberOf(item, "expiresAt") * 1_000 - clock.now();
    if (leftMs > keptMs - extendedAfterMs) return;
    try {
      await table.set(keyOf(stream), "expiresAt", expiry(), versionIs(numberOf(item, "version")));
    } catch (error) {
      // The record was read, and two months remain to extend it.
      if (!(error instanceof StoreError && error.reason === "unavailable")) throw error;
    }
  }

  return {
    load: async (stream) => {
      const item = await table.get(keyOf(stream));
      if (!item) return null;
      await extend(stream, item);
      return { version: numberOf(item, "version") as Version, checkpoint: decode(stream, item) };
    },
    commit: async (stream, next, expected) => {
      const version = ((expected ?? 0) + 1) as Version;
      const writtenBy = newId();
      const activeMs = lastActiveMs(next, clock.now());
      const attributes: Item = {
        version: { N: String(version) },
        writtenBy: { S: writtenBy },
        record: { B: pack(encodeCheckpoint(stream, next)) },
        ...(!isBusy(activeMs) && { expiresAt: expiry() }),
        ...activityAttributes(stream, activeMs),
      };
      const condition = expected === null ? { text: "attribute_not_exists(pk)" } : versionIs(expected);
      if (await table.put(keyOf(stream), attributes, condition)) return { kind: "committed", version };
      const present = await table.get(keyOf(stream), "writtenBy");
      const isOurs = present !== null && textOf(present, "writtenBy") === writtenBy;
      return isOurs ? { kind: "committed", version } : { kind: "conflict" };
    },
    list: async () => (await table.scanKeys(checkpointKind)) as readonly StreamKey[],
    reset: (stream) => table.delete(keyOf(stream)),
    close: () => table.close(),
  };
}

const checkpointKind = "checkpoint";
const keyOf = (stream: StreamKey) => ({ pk: stream, sk: checkpointKind });

const versionIs = (version: number): Expression => ({
  text: "#version = :version",
  names: { "#version": "version" },
  values: { ":version": { N: String(version) } },
});

const decode = (stream: StreamKey, item: Item): Checkpoint =>
  decodeRecord(stream, unpack(bytesOf(item, "record"), `checkpoint ${stream}`));
