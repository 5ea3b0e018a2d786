import * as v from "valibot";
import { parseStreamKey, type Stream } from "../core/names.ts";
import { parseJson } from "../text/json.ts";

/** A stream as a shard names it. */
export interface ShardStream {
  readonly stream: Stream;
  /** The instance's own name, where the API told it. */
  readonly name: string | null;
  /** When a whole list of its project's instances lacked it; left out where none did. */
  readonly absentMs?: number | undefined;
  /** Of a new instance, since when its tasks are news; left out for any other. */
  readonly sinceMs?: number | undefined;
  /** Whether the index says that a delivery is owed. */
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

/** The streams in shards, so many in each; a shard's streams are of one source. */
export function shardsOf(streams: readonly ShardStream[], size: number): readonly (readonly ShardStream[])[] {
  const bySource = Map.groupBy(streams, ({ stream }) => sourceOf(stream));
  return [...bySource.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, index) =>
      group.slice(index * size, (index + 1) * size),
    ),
  );
}

/** A shard as a message's body. */
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
  // SQS takes no character that XML 1.0 forbids; JSON has escaped all the others.
  return JSON.stringify(body).replace(/[\ufffe\uffff]/g, "\ufffd");
}

/** The streams that a message's body names; null when it is no shard. */
export function parseShard(text: string): readonly ShardStream[] | null {
  const parsed = v.safeParse(shardSchema, parseJson(text));
  if (!parsed.success) return null;
  const { source, instances } = parsed.output;
  const streams: ShardStream[] = [];
  for (const { id, ...told } of instances) {
    const stream = parseStreamKey(`${source}/${id}`);
    if (stream === null) return null;
    streams.push({ stream, ...told });
  }
  return streams;
}

const sourceOf = ({ engine, region, projectId }: Stream): string => `${engine}/${region}/${projectId}`;
