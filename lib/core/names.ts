declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** One watched instance: `engine/region/project/instance`. */
export type StreamKey = Branded<"StreamKey">;
/** A DMS background task's id, as the API gives it. */
export type TaskId = Branded<"TaskId">;
/** `{instance}/{task}/{STATUS}/{updated_at as epoch ms}`: the same in every retry and replay. */
export type EventId = Branded<"EventId">;
/** The name a sink has in the configuration. */
export type SinkName = Branded<"SinkName">;
/** One run of the bridge; unique, and of no meaning beyond that. */
export type RunId = Branded<"RunId">;

export const taskId = (text: string): TaskId => text as TaskId;
export const eventId = (text: string): EventId => text as EventId;
export const sinkName = (text: string): SinkName => text as SinkName;
export const runId = (text: string): RunId => text as RunId;

export type Engine = "rabbitmq" | "kafka" | "rocketmq" | "dcs";

/** What names a stream, part by part. */
export interface Stream {
  readonly engine: Engine;
  readonly region: string;
  readonly projectId: string;
  readonly instanceId: string;
}

/** The key under which a stream's checkpoint is stored. */
export const streamKey = (stream: Readonly<Record<keyof Stream, string>>): StreamKey =>
  `${stream.engine}/${stream.region}/${stream.projectId}/${stream.instanceId}` as StreamKey;

/** Reads a key back into its parts; null when the text is no stream key. */
export function parseStreamKey(text: string): Stream | null {
  const [engine, region, projectId, instanceId, ...rest] = text.split("/");
  if (!region || !projectId || !instanceId || rest.length > 0 || !isEngine(engine)) return null;
  return { engine, region, projectId, instanceId };
}

export const engines = ["rabbitmq", "kafka", "rocketmq", "dcs"] as const satisfies readonly Engine[];

const isEngine = (text: string | undefined): text is Engine => engines.some((engine) => engine === text);
