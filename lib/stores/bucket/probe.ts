import { StoreError } from "../../core/errors.ts";
import type { Bucket } from "./bucket.ts";

/**
 * Makes sure that the bucket refuses to create what is there, which several stores only seem to do. Asked before each
 * commit, it asks the store before the first alone; a store that failed for another reason is asked again.
 */
export function openProbe(bucket: Bucket, newId: () => string): () => Promise<void> {
  let proof: Promise<void> | null = null;
  return () => {
    proof ??= probe(bucket, newId()).catch((error: unknown) => {
      proof = null;
      throw error;
    });
    return proof;
  };
}

/** @throws StoreError when the second of two creations is taken */
async function probe(bucket: Bucket, id: string): Promise<void> {
  const key = `probe/${id}`;
  await bucket.create(key, id);
  const isIgnored = await bucket.create(key, id);
  await bucket.remove(key);
  if (!isIgnored) return;
  throw new StoreError(
    "unavailable",
    `${bucket.name}: the store overwrites an object that it was told to create only where there is none, so two runs could overwrite each other's record: no record is written there`,
  );
}
