import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { openMs } from "../../lib/checkpoint/activity.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { type StreamKey, streamKey } from "../../lib/core/names.ts";
import type { Discovery, ListedStreams } from "../../lib/source/discovery.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { servedStreams } from "../../lib/wire/served.ts";
import { streamPlans } from "../../lib/wire/stream-plan.ts";
import { manualClock } from "../harness/clock.ts";
import { sourceConfig } from "../source/loopback.ts";

const streamOf = (instanceId: string) =>
  ({ engine: "rabbitmq", region: "cn-north-4", projectId: "project", instanceId }) as const;
const keyOf = (instanceId: string): StreamKey => streamKey(streamOf(instanceId));
const plans = streamPlans({
  policies: new Map(),
  filters: new Map(),
  maxBacklog: 1,
  maxBytes: 1,
  follow: () => undefined,
});

/** A new process whose one list of instances ends when a test says so; an instance is busy, another is quiet. */
function opened() {
  const clock = manualClock(1_000_000);
  const list = Promise.withResolvers<ListedStreams>();
  const discovery = {
    config: sourceConfig("http://127.0.0.1:1", { instances: "all" }),
    last: null,
    list: () => list.promise,
  } as unknown as Discovery;
  const busy = new Map([[keyOf("busy"), openMs]]);
  const stores = {
    busy: async () => busy,
    activity: { activeSince: async () => new Map([...busy, [keyOf("quiet"), 1]]) },
  };
  const parts = { discoveries: [discovery], stores, plans, clock, log: silentLog };
  const served: string[] = [];
  const feed = servedStreams(parts, new AbortController().signal);
  void feed(async (planned) => void served.push(...planned.plans.map(({ stream }) => stream.instanceId)));
  return { clock, list, served };
}

it("a list that comes late is believed: only what is busy is served before it, and no quiet record", async () => {
  const { clock, list, served } = opened();
  await clock.advance(4_999);
  expect(served).toEqual([]);
  await clock.advance(1);
  await turn();
  expect(served).toEqual(["busy"]);
  list.resolve({
    streams: [{ stream: streamOf("busy"), name: "b", source: null as never }],
    atMs: clock.now(),
    isWhole: true,
  });
  await turn();
  expect(new Set(served)).toEqual(new Set(["busy"]));
});

it("a list that fails in a new process leaves every record of its source to be polled", async () => {
  const { list, served } = opened();
  list.reject(new SourceError("unavailable", "no answer"));
  await turn();
  await turn();
  expect(new Set(served)).toEqual(new Set(["busy", "quiet"]));
});
