import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { type StreamKey, streamKey } from "../core/names.ts";
import { parseShard, type ShardStream } from "../fleet/shard.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bridge, RunTime } from "../wire/bridge.ts";

/** Result of polling a batch of shards. */
export interface PolledShards {
  readonly summary: RunSummary;
  readonly response: SQSBatchResponse;
}

/**
 * Runs the shards of a batch of messages. A message fails when it is not a shard, or when a stream could not be
 * recorded or ran out of time: only then does receiving it again help. After an API failure the planner sends the
 * stream again anyway.
 */
export async function pollShards(
  records: readonly SQSRecord[],
  bridge: Pick<Bridge, "runShard">,
  log: Log,
  signal: AbortSignal,
  time: RunTime = {},
): Promise<PolledShards> {
  const shards = records.map(({ messageId, body }) => ({ messageId, streams: parseShard(body) }));
  const streams = new Map<StreamKey, ShardStream>();
  for (const { messageId, streams: found } of shards) {
    if (!found) log("error", "a message does not name streams; it returns to the queue", { messageId });
    for (const each of found ?? []) streams.set(streamKey(each.stream), each);
  }
  const summary = await bridge.runShard([...streams.values()], signal, {}, time);
  const unrecorded = new Set(
    summary.streams
      .filter(({ error }) => error && (error.code === "STORE_FAILED" || signal.aborted))
      .map(({ key }) => key),
  );
  const batchItemFailures = shards
    .filter(({ streams: found }) => found?.some(({ stream }) => unrecorded.has(streamKey(stream))) ?? true)
    .map(({ messageId }) => ({ itemIdentifier: messageId }));
  return { summary, response: { batchItemFailures } };
}
