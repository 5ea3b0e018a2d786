import { StoreError } from "../../core/errors.ts";
import type { Bucket } from "./bucket.ts";

/**
 * Verifies that the bucket refuses to create an existing object; several stores ignore the condition. Checked before
 * the first commit only, and again after a check that failed for other reasons.
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

/** Creates an object twice. @throws StoreError when the second creation succeeds, or the first fails */
async function probe(bucket: Bucket, id: string): Promise<void> {
  const key = `probe/${id}`;
  await bucket.create(key, id);
  const isOverwritten = await bucket.create(key, id);
  const found = await bucket.get(key);
  await bucket.remove(key);
  const problem = isOverwritten
    ? "the store ignores conditional writes (create only if absent), so two runs could overwrite each other's record"
    : found !== id &&
      "the store creates no object that way, as a parallel file system or an archive does not";
  if (problem) throw new StoreError("unavailable", `${bucket.name}: ${problem}: no record is written there`);
}
