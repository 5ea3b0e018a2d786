import * as v from "valibot";
import { parseStreamKey, type Stream } from "../core/names.ts";
import { parseJson } from "../text/json.ts";

/** A stream in a shard. */
export interface ShardStream {
  readonly stream: Stream;
  /** The instance's name, if the API returned it. */
  readonly name: string | null;
  /** When a complete list of instances lacked it, epoch milliseconds; otherwise omitted. */
  readonly absentMs?: number | undefined;
  /** For a new instance, since when its tasks are emitted, epoch milliseconds; otherwise omitted. */
  readonly sinceMs?: number | undefined;
  /** Whether the index reports pending deliveries. */
  readonly owes?: boolean | undefined;
}

const shardSchema = v.object({
  source: v.string(),
  instances: v.array(
    v.object({
      id: v.string(),
      name: v.nullable(v.string()),
      absentMs: v.optional(v.number()),
      sinceMs: v.optional(v.number()),
      owes: v.optional(v.boolean()),
    }),
  ),
});

/** Groups streams into shards of up to `size`; the streams of a shard belong to one source. */
export function shardsOf(streams: readonly ShardStream[], size: number): readonly (readonly ShardStream[])[] {
  const bySource = Map.groupBy(streams, ({ stream }) => sourceOf(stream));
  return [...bySource.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, index) =>
      group.slice(index * size, (index + 1) * size),
    ),
  );
}

/** Encodes a shard as a message body. */
export function shardText(shard: readonly ShardStream[]): string {
  const [first] = shard;
  const body: v.InferInput<typeof shardSchema> = {
    source: first ? sourceOf(first.stream) : "",
    instances: shard.map(({ stream, name, absentMs, sinceMs, owes }) => ({
      id: stream.instanceId,
      name,
      absentMs,
      sinceMs,
      owes,
    })),
  };
  // SQS refuses characters that XML 1.0 forbids; JSON escapes all others.
  return JSON.stringify(body).replace(/[\ufffe\uffff]/g, "\ufffd");
}

/** Parses a message body; null when it is not a shard. */
export function parseShard(text: string): readonly ShardStream[] | null {
  const parsed = v.safeParse(shardSchema, parseJson(text));
  if (!parsed.success) return null;
  const { source, instances } = parsed.output;
  const streams: ShardStream[] = [];
  for (const { id, ...sent } of instances) {
    const stream = parseStreamKey(`${source}/${id}`);
    if (stream === null) return null;
    streams.push({ stream, ...sent });
  }
  return streams;
}

const sourceOf = ({ engine, region, projectId }: Stream): string => `${engine}/${region}/${projectId}`;
