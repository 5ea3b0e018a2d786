import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { Clock } from "../core/clock.ts";
import type { PartError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { Planned } from "../run/run-streams.ts";
import type { FailedSource } from "../run/summary.ts";
import type { Discovery, Listed } from "../source/discovery.ts";
import type { TrackedStores } from "../stores/busy-records.ts";
import { partError } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import type { StreamPlans } from "./stream-plan.ts";
import { type ListedSource, unlistedStreams } from "./unlisted.ts";

/** A list of instances that takes longer is not waited for: what is known of its source is served meanwhile. */
const patienceMs = 5_000;

export interface ServedParts {
  readonly discoveries: readonly Discovery[];
  readonly stores: Pick<TrackedStores, "activity" | "busy">;
  readonly plans: StreamPlans;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The streams that one run serves: those that the configuration names or discovers, and those whose records owe a
 * delivery, listed or not. One feed for each source, and one for what the records add.
 */
export function servedStreams(parts: ServedParts, signal: AbortSignal): readonly AsyncIterable<Planned>[] {
  const listings = parts.discoveries.map((discovery) => new Listing(discovery, parts.log, signal));
  return [...listings.map((listing) => listedFeed(listing, parts)), recordsFeed(listings, parts, signal)];
}

/** All that is listed of the sources, as soon as every list has ended. */
export const allListings = (
  discoveries: readonly Discovery[],
  log: Log,
  signal: AbortSignal,
): Promise<readonly ListingResult[]> =>
  Promise.all(discoveries.map((discovery) => new Listing(discovery, log, signal).done));

export interface ListingResult extends ListedSource {
  readonly error: FailedSource | null;
}

/** One list of a source's instances, under way or done. */
class Listing {
  readonly discovery: Discovery;
  readonly done: Promise<ListingResult>;
  /** Null before the list has ended, and where it failed. */
  listed: Listed | null = null;

  constructor(discovery: Discovery, log: Log, signal: AbortSignal) {
    const { engine, region, projectId } = discovery.config;
    const key = `${engine}/${region}/${projectId}/*`;
    this.discovery = discovery;
    this.done = discovery.list(signal).then(
      (listed) => {
        this.listed = listed;
        return { discovery, listed, error: null };
      },
      (error: unknown) => ({
        discovery,
        listed: null,
        error: { key, error: partError(log, { stream: key }, error) },
      }),
    );
  }
}

async function* listedFeed(listing: Listing, { plans }: ServedParts): AsyncGenerator<Planned> {
  const { discovery, listed, error } = await listing.done;
  yield {
    plans: (listed?.streams ?? []).map((stream) => plans.ofWatched(stream, discovery)),
    failedSources: error ? [error] : [],
  };
}

/** What the records add: those that are busy, and for a source whose instances cannot be listed all that it has. */
async function* recordsFeed(
  listings: readonly Listing[],
  { stores, plans, clock, log }: ServedParts,
  signal: AbortSignal,
): AsyncGenerator<Planned> {
  const asked = busyRecords(stores, log);
  const patience = new AbortController();
  await Promise.race([
    Promise.all(listings.map(({ done }) => done)),
    clock.sleep(patienceMs, AbortSignal.any([signal, patience.signal])),
  ]);
  patience.abort(null);
  for (const { listed, discovery } of listings) {
    const known = listed ? [] : (discovery.last?.streams ?? []);
    yield { plans: known.map((stream) => plans.ofWatched(stream, discovery)), failedSources: [] };
  }
  const added = ({ records, failedSources }: Records): Planned => ({
    plans: unlistedStreams(records, listings).map((stream) => plans.ofUnlisted(stream)),
    failedSources,
  });
  yield added(await asked);
  await Promise.all(listings.map(({ done }) => done));
  const isAnyUnknown = listings.some(({ listed, discovery }) => !listed && !discovery.last);
  if (isAnyUnknown) yield added(await allRecords(stores, log));
}

interface Records {
  readonly records: ReadonlyMap<StreamKey, number>;
  readonly failedSources: readonly FailedSource[];
}

const busyRecords = (stores: ServedParts["stores"], log: Log): Promise<Records> =>
  recordsOr(() => stores.busy(), log);

const allRecords = ({ activity }: { readonly activity: ActivityIndex }, log: Log): Promise<Records> =>
  recordsOr(() => activity.activeSince(0), log);

/** The records; none, and the error, where the store does not answer. */
async function recordsOr(ask: () => Promise<Records["records"]>, log: Log): Promise<Records> {
  try {
    return { records: await ask(), failedSources: [] };
  } catch (thrown) {
    const error: PartError = partError(log, { stream: "*" }, thrown);
    return { records: new Map(), failedSources: [{ key: "*", error }] };
  }
}
