import { within } from "../async/within.ts";
import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { Clock } from "../core/clock.ts";
import type { PartError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { Planned, StreamFeed } from "../run/run-streams.ts";
import type { FailedSource } from "../run/summary.ts";
import type { Discovery, ListedStreams } from "../source/discovery.ts";
import type { TrackedStores } from "../stores/busy-records.ts";
import { partError } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import type { StreamPlans } from "./stream-plan.ts";
import { type ListedSource, unlistedStreams } from "./unlisted.ts";

/** Longest wait for a list of instances, milliseconds; after that the source's known streams are run meanwhile. */
const patienceMs = 5_000;

/** Parts that decide which streams a run serves. */
export interface ServedParts {
  readonly discoveries: readonly Discovery[];
  readonly stores: Pick<TrackedStores, "activity" | "busy">;
  readonly plans: StreamPlans;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The streams of one run: configured, discovered, and those whose records have pending deliveries, listed or not. No
 * source waits for another, nor for the records.
 */
export const servedStreams =
  (parts: ServedParts, signal: AbortSignal): StreamFeed =>
  async (begin) => {
    const listings = parts.discoveries.map((discovery) => new InstanceListing(discovery, parts.log, signal));
    await Promise.all([
      ...listings.map(async (listing) => begin(plannedOf(await listing.done, parts))),
      serveRecords(listings, parts, signal, begin),
    ]);
  };

/** Waits for every source's listing and returns the results. */
export const allListings = (
  discoveries: readonly Discovery[],
  log: Log,
  signal: AbortSignal,
): Promise<readonly ListingResult[]> =>
  Promise.all(discoveries.map((discovery) => new InstanceListing(discovery, log, signal).done));

/** Result of one source's listing. */
export interface ListingResult extends ListedSource {
  readonly error: FailedSource | null;
}

/** One listing of a source's instances, running or done. */
class InstanceListing {
  readonly discovery: Discovery;
  readonly done: Promise<ListingResult>;
  /** Null before the listing ends, and when it failed. */
  listed: ListedStreams | null;

  constructor(discovery: Discovery, log: Log, signal: AbortSignal) {
    const { engine, region, projectId } = discovery.config;
    const key = `${engine}/${region}/${projectId}/*`;
    this.discovery = discovery;
    this.listed = discovery.fresh;
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

const plannedOf = ({ discovery, listed, error }: ListingResult, { plans }: ServedParts): Planned => ({
  plans: (listed?.streams ?? []).map((stream) => plans.ofWatched(stream, discovery)),
  failedSources: error ? [error] : [],
});

/** Streams from records: busy ones, and all of a source whose instances cannot be listed. */
async function serveRecords(
  listings: readonly InstanceListing[],
  { stores, plans, clock, log }: ServedParts,
  signal: AbortSignal,
  begin: Parameters<StreamFeed>[0],
): Promise<void> {
  const asked = busyRecords(stores, log);
  const done = Promise.all(listings.map((listing) => listing.done));
  if (listings.some(({ listed }) => !listed)) await within(done, patienceMs, clock, signal);
  for (const { listed, discovery } of listings) {
    if (listed || !discovery.last) continue;
    const { streams } = discovery.last;
    await begin({
      plans: streams.map((stream) => plans.ofWatched(stream, discovery)),
      failedSources: [],
    });
  }
  const added = ({ records, failedSources }: Records): Planned => ({
    plans: unlistedStreams(records, listings).map((stream) => plans.ofUnlisted(stream)),
    failedSources,
  });
  await begin(added(await asked));
  await done;
  const isAnyUnknown = listings.some(({ listed, discovery }) => !listed && !discovery.last);
  if (isAnyUnknown) await begin(added(await allRecords(stores, log)));
}

interface Records {
  readonly records: ReadonlyMap<StreamKey, number>;
  readonly failedSources: readonly FailedSource[];
}

const busyRecords = (stores: ServedParts["stores"], log: Log): Promise<Records> =>
  recordsOr(() => stores.busy(), log);

const allRecords = ({ activity }: { readonly activity: ActivityIndex }, log: Log): Promise<Records> =>
  recordsOr(() => activity.activeSince(0), log);

/** Reads the records; returns none, and the error, when the store is unavailable. */
async function recordsOr(ask: () => Promise<Records["records"]>, log: Log): Promise<Records> {
  try {
    return { records: await ask(), failedSources: [] };
  } catch (thrown) {
    const error: PartError = partError(log, { stream: "*" }, thrown);
    return { records: new Map(), failedSources: [{ key: "*", error }] };
  }
}
