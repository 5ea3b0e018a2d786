import type { Dispatcher } from "undici";
import type { GenericSchema, InferOutput } from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { Log } from "../telemetry/log.ts";

export interface BatchLimits {
  readonly maxEvents: number;
  /** Bytes of the events' JSON, UTF-8, summed. */
  readonly maxBytes: number;
  /** More events than this go as one message, which a rate counts once; left out where each event counts. */
  readonly digestAbove?: number;
}

export interface DeliverOptions extends CallOptions {
  /** By task: where this sink's last message of it is, as the sink said itself. Kept across runs while the task may change. */
  readonly messages?: ReadonlyMap<string, string>;
}

/** Where events go. */
export interface Sink {
  readonly name: SinkName;
  readonly batch: BatchLimits;
  /**
   * One attempt, without retries of its own. One result for each event, in the same order. `detail` is shown to the
   * operator: it holds no secret, no URL path or query, no header. Throws only on a defect, which is retried.
   */
  deliver(events: readonly CloudEvent[], options: DeliverOptions): Promise<readonly DeliveryResult[]>;
  /** Lets what is in flight finish, then frees connections. */
  close(): Promise<void>;
}

/** What a sink may use of the world. */
export interface SinkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The configuration's folder: relative paths start here. */
  readonly folder: string;
  /** Where a cloud's own variables are (region, access key, endpoints), and those of proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where sinks over HTTP send instead of the network; left out, each opens connections of its own. */
  readonly dispatcher?: Dispatcher;
}

/** What a sink's file exports. `schema` is the source of its options' type, checks and documentation. */
export interface SinkModule<Schema extends GenericSchema = GenericSchema> {
  readonly schema: Schema;
  create(name: SinkName, options: InferOutput<Schema>, deps: SinkDeps): Sink;
}
