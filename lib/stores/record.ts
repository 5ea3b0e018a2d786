import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { decodeCheckpoint } from "../checkpoint/codec.ts";
import { StoreError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";

/**
 * Decodes a stream's stored record.
 * @throws StoreError that names the stream
 */
export function decodeRecord(stream: StreamKey, text: string): Checkpoint {
  try {
    return decodeCheckpoint(stream, text);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.reason, `checkpoint ${stream}: ${error.message}`, { cause: error });
  }
}
