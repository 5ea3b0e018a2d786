declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** One watched instance: `engine/region/project/instance`. */
export type StreamKey = Branded<"StreamKey">;
/** A DMS background task's id, as the API gives it. */
export type TaskId = Branded<"TaskId">;
/** Event id: `{instance}/{task}/{STATUS}/{updated_at as epoch ms}`. Stable across retries and replays. */
export type EventId = Branded<"EventId">;
/** A sink's name in the configuration. */
export type SinkName = Branded<"SinkName">;
/** Id of one run of the bridge; unique, otherwise meaningless. */
export type RunId = Branded<"RunId">;

/** Brands a text as a task id. */
export const taskId = (text: string): TaskId => text as TaskId;
/** Brands a text as an event id. */
export const eventId = (text: string): EventId => text as EventId;
/** Brands a text as a sink's name. */
export const sinkName = (text: string): SinkName => text as SinkName;
/** Brands a text as a run id. */
export const runId = (text: string): RunId => text as RunId;

/** A message engine or cache whose background tasks can be watched. */
export type Engine = "rabbitmq" | "kafka" | "rocketmq" | "dcs";

/** The parts of a stream's key. */
export interface Stream {
  readonly engine: Engine;
  readonly region: string;
  readonly projectId: string;
  readonly instanceId: string;
}

/** Returns the key under which a stream's checkpoint is stored. */
export const streamKey = (stream: Readonly<Record<keyof Stream, string>>): StreamKey =>
  `${stream.engine}/${stream.region}/${stream.projectId}/${stream.instanceId}` as StreamKey;

/** Parses a stream key into its parts; null when the text is not a stream key. */
export function parseStreamKey(text: string): Stream | null {
  const [engine, region, projectId, instanceId, ...rest] = text.split("/");
  if (!region || !projectId || !instanceId || rest.length > 0 || !isEngine(engine)) return null;
  return { engine, region, projectId, instanceId };
}

/** All engines that can be watched. */
export const engines = ["rabbitmq", "kafka", "rocketmq", "dcs"] as const satisfies readonly Engine[];

const isEngine = (text: string | undefined): text is Engine => engines.some((engine) => engine === text);
