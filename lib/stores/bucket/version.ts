import * as v from "valibot";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../checkpoint/codec.ts";
import { StoreError } from "../../core/errors.ts";
import type { StreamKey } from "../../core/names.ts";
import { pack, unpack } from "../packed.ts";
import type { Marker } from "./activity.ts";

/** One version of a stream's record, as stored in its object. */
export interface RecordVersion {
  /** Unique id of the commit, which identifies our own. */
  readonly writtenBy: string;
  /** `writtenBy` of the previous version; null for the first. */
  readonly follows: string | null;
  /** Marker of the stream's activity. */
  readonly marker: Marker;
  readonly checkpoint: Checkpoint;
}

const versionSchema = v.strictObject({
  writtenBy: v.string(),
  follows: v.nullable(v.string()),
  marker: v.strictObject({ activeMs: v.number(), id: v.string() }),
  /** gzip, base64. */
  record: v.string(),
});
const versionText = v.pipe(v.string(), v.parseJson(), versionSchema);

/** Encodes a stream's version as JSON with the record compressed. */
export const encodeVersion = (stream: StreamKey, { checkpoint, ...version }: RecordVersion): string =>
  JSON.stringify({ ...version, record: pack(encodeCheckpoint(stream, checkpoint)) });

type VersionHead = Omit<RecordVersion, "checkpoint">;

/** Reads a version without its record; null when the object is not ours. */
export const readHead = (text: string): VersionHead | null => {
  const result = v.safeParse(versionText, text);
  return result.success ? result.output : null;
};

/** Reads a version without its record. `name` identifies it in messages. @throws StoreError `corrupt` */
export function decodeHead(text: string, name: string): VersionHead {
  const head = readHead(text);
  if (head) return head;
  throw damaged(name);
}

/** Reads a stream's whole version. `name` identifies it in messages. @throws StoreError `corrupt` */
export function decodeVersion(stream: StreamKey, text: string, name: string): RecordVersion {
  const result = v.safeParse(versionText, text);
  if (!result.success) throw damaged(name);
  const { record, ...version } = result.output;
  try {
    return { ...version, checkpoint: decodeCheckpoint(stream, unpack(record, "its record")) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.reason, `${name}: ${error.message}`, { cause: error });
  }
}

const damaged = (name: string): StoreError =>
  new StoreError("corrupt", `${name}: the object is damaged or not from dms-task-bridge`);
