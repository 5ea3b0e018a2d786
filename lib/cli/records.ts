import { eachOf } from "../async/each.ts";
import type { Stored } from "../checkpoint/store.ts";
import { StoreError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import { countBySink } from "../delivery/dead-letters.ts";
import type { Bridge } from "../wire/bridge.ts";

/** A stream's record, as far as it can be read. */
export interface ReadRecord {
  readonly key: StreamKey;
  /** Name of the instance; null where it is not known. */
  readonly name: string | null;
  readonly stored: Stored | null;
  /** Why the record could not be read. */
  readonly error: StoreError | null;
}

/** How many dead letters each sink has, configured or not; null when they cannot be read. */
export async function deadLettersBySink({
  deadLetters,
}: Pick<Bridge, "deadLetters">): Promise<Readonly<Record<string, number>> | null> {
  try {
    return Object.fromEntries(countBySink(await deadLetters.list({})));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return null;
  }
}

const recordsAtOnce = 16;

/** Reads all records. One that is damaged is reported as its stream's error. @throws StoreError without a list of records */
export async function readRecords({
  checkpoints,
}: Pick<Bridge, "checkpoints">): Promise<readonly ReadRecord[]> {
  const keys = await checkpoints.list();
  const read = new Map<StreamKey, ReadRecord>();
  await eachOf(keys, recordsAtOnce, async (key) => {
    try {
      const stored = await checkpoints.load(key);
      read.set(key, { key, name: stored?.checkpoint.instanceName ?? null, stored, error: null });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      read.set(key, { key, name: null, stored: null, error });
    }
  });
  return keys.flatMap((key) => read.get(key) ?? []);
}
