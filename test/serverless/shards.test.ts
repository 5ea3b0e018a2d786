import { describe, expect, it } from "vitest";
import { streamKey } from "../../lib/core/names.ts";
import { type ShardStream, shardText } from "../../lib/fleet/shard.ts";
import type { RunSummary, StreamSummary } from "../../lib/run/summary.ts";
import { pollShards } from "../../lib/serverless/shards.ts";
import { fleetOf } from "../fleet/fleet-sample.ts";
import { streamSummary, trouble } from "../status/sample.ts";
import { record } from "./sqs-event.ts";

const { signal } = new AbortController();
const [a, b, c] = fleetOf(3).map((each) => each) as [ShardStream, ShardStream, ShardStream];

/** A run in which the streams of these instances failed so. */
function bridgeWith(errors: ReadonlyMap<ShardStream, string>) {
  const polled: ShardStream[] = [];
  const runShard = async (shard: readonly ShardStream[]): Promise<RunSummary> => {
    polled.push(...shard);
    const streams = shard.map((each): StreamSummary => {
      const code = [...errors].find(([failed]) => streamKey(failed.stream) === streamKey(each.stream))?.[1];
      const error = code === undefined ? null : trouble(code, "it failed");
      return streamSummary({ key: streamKey(each.stream), error });
    });
    return { runId: "r", startedAt: "", durationMs: 1, streams, sinks: {}, journal: null };
  };
  return { polled, runShard };
}

async function poll(
  bodies: readonly string[],
  { errors = new Map<ShardStream, string>(), until = signal } = {},
) {
  const bridge = bridgeWith(errors);
  const logged: string[] = [];
  const log = (_: string, message: string) => void logged.push(message);
  const { response } = await pollShards(
    bodies.map((body, index) => record(body, { messageId: `m${index}` })),
    bridge,
    log,
    until,
  );
  return {
    failed: response.batchItemFailures.map((each) => each.itemIdentifier),
    polled: bridge.polled,
    logged,
  };
}

describe("pollShards", () => {
  it("polls each stream of a batch once, in however many messages it stands", async () => {
    const { failed, polled } = await poll([shardText([a, b]), shardText([b, c]), shardText([a, b])]);
    expect(failed).toEqual([]);
    expect(polled).toEqual([a, b, c]);
  });

  it("fails the messages whose streams could not be recorded, and no others", async () => {
    const errors = new Map([[c, "STORE_FAILED"]]);
    const { failed } = await poll([shardText([a, b]), shardText([b, c])], { errors });
    expect(failed).toEqual(["m1"]);
  });

  it.each(["unauthorized", "throttled", "not_found", "unavailable"])(
    "lets the planner repeat a stream whose API answers %s",
    async (code) => {
      expect((await poll([shardText([a, b])], { errors: new Map([[a, code]]) })).failed).toEqual([]);
    },
  );

  it("fails the messages of streams that the end of its time cut off", async () => {
    const errors = new Map([[a, "unavailable"]]);
    const { failed } = await poll([shardText([a]), shardText([b])], { errors, until: AbortSignal.abort() });
    expect(failed).toEqual(["m0"]);
  });

  it("fails a message that is no shard, and polls the others", async () => {
    const { failed, polled, logged } = await poll(["{}", shardText([a])]);
    expect(failed).toEqual(["m0"]);
    expect(polled).toEqual([a]);
    expect(logged).toEqual(["a message does not name streams; it returns to the queue"]);
  });
});
