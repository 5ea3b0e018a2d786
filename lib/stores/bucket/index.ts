import { randomUUID } from "node:crypto";
import { smallRoomBytes } from "../../checkpoint/room.ts";
import type { Clock, Random } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { openAgent } from "../../net/agent.ts";
import { cachedCheckpoints } from "../cached.ts";
import { journalAfter } from "../journal-after.ts";
import type { JournalSettings } from "../journal-guard.ts";
import { pagedJournal } from "../paged-journal.ts";
import type { Stores } from "../stores.ts";
import { bucketActivity } from "./activity.ts";
import type { Bucket } from "./bucket.ts";
import { bucketCheckpoints } from "./checkpoints.ts";
import { openBucketClient } from "./client.ts";
import { bucketDeadLetters } from "./dead-letters.ts";
import { bucketJournalPages } from "./journal.ts";
import type { BucketLocation } from "./location.ts";
import { obsProvider } from "./obs.ts";
import { bucketParked } from "./parked.ts";
import { removeOldProbes } from "./probe.ts";
import { s3Provider } from "./s3.ts";

/** Settings of stores in a bucket. */
export interface BucketOptions extends BucketLocation {
  readonly provider: "obs" | "s3";
  readonly prefix: string;
}

/** Injected parts of stores in a bucket. */
export interface BucketDeps {
  /** Holds access key, region and endpoints, under the provider's variable names. */
  readonly environment: Environment;
  readonly clock: Clock;
  readonly random: Random;
}

/** Opens the objects below a prefix of one bucket. It does not connect before the first call. */
export function openBucket({ provider, prefix, ...place }: BucketOptions, deps: BucketDeps): Bucket {
  // When a burst ends for many streams at once, their records share these connections.
  const { dispatcher, close } = openAgent({ connections: 16 }, { environment: deps.environment });
  return openBucketClient(
    {
      bucket: place.bucket,
      prefix: `${prefix}/`,
      provider: provider === "obs" ? obsProvider(place, deps) : s3Provider(place, { ...deps, dispatcher }),
    },
    { ...deps, dispatcher, close },
  );
}

/** Removes what killed processes left of their probes. @throws StoreError */
export async function sweepProbes(options: BucketOptions, deps: BucketDeps): Promise<void> {
  const bucket = openBucket(options, deps);
  try {
    await removeOldProbes(bucket, deps.clock.now());
  } finally {
    await bucket.close();
  }
}

/** All stores in one bucket. A warm function does not re-read what it wrote. */
export function bucketStores(
  options: BucketOptions,
  deps: BucketDeps,
  journal: JournalSettings | null = null,
): Stores {
  const bucket = openBucket(options, deps);
  const { clock } = deps;
  const stores = journalAfter(bucketCheckpoints({ bucket, clock, newId: randomUUID }), journal, () =>
    pagedJournal(bucketJournalPages(bucket), { clock, newId: randomUUID }),
  );
  return {
    checkpoints: cachedCheckpoints(stores.checkpoints, clock),
    deadLetters: bucketDeadLetters(bucket),
    parked: bucketParked(bucket),
    activity: bucketActivity(bucket),
    journal: stores.journal,
    roomBytes: smallRoomBytes,
  };
}
