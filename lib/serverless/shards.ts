import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type StreamKey, streamKey } from "../core/names.ts";
import { parseShard, type ShardStream } from "../fleet/shard.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bridge } from "../wire/bridge.ts";

export interface PolledShards {
  readonly summary: RunSummary;
  readonly response: SQSBatchResponse;
}

/**
 * One run over the shards of a batch of messages. A message fails when it is no shard, and when a stream of it could
 * not be recorded or its time was up: only then does receiving it again help. An API that refuses is no such case: the
 * planner sends the stream again by itself.
 */
export async function pollShards(
  { Records }: Pick<SQSEvent, "Records">,
  bridge: Pick<Bridge, "runShard">,
  log: Log,
  signal: AbortSignal,
): Promise<PolledShards> {
  const shards = Records.map(({ messageId, body }) => ({ messageId, streams: parseShard(body) }));
  const streams = new Map<StreamKey, ShardStream>();
  for (const { messageId, streams: found } of shards) {
    if (!found) log("error", "a message is no shard", { messageId });
    for (const each of found ?? []) streams.set(streamKey(each.stream), each);
  }
  const summary = await bridge.runShard([...streams.values()], signal);
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
