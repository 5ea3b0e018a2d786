import { StoreError } from "../../core/errors.ts";
import { type Bucket, listed } from "./bucket.ts";

const kind = "probe/";
/** Age at which a probe is left over, milliseconds: longer than any call, and any difference of clocks. */
const oldMs = 3_600_000;

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
  const key = kind + id;
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

/** Removes probes of processes that were killed before they could. @throws StoreError */
export async function removeOldProbes(bucket: Bucket, nowMs: number): Promise<void> {
  for await (const { key, modifiedMs } of listed(bucket, kind))
    if (modifiedMs < nowMs - oldMs) await bucket.remove(key);
}
