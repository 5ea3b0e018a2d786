import type { Writable } from "node:stream";
import type { Dispatcher } from "undici";
import type { GenericSchema, InferOutput } from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { Log } from "../telemetry/log.ts";

/** Limits of one delivery. */
export interface BatchLimits {
  readonly maxEvents: number;
  /** Total size of the events' JSON, UTF-8 bytes. */
  readonly maxBytes: number;
  /** More events than this become one message, which a rate limit counts once. @default each event counts */
  readonly digestAbove?: number;
}

/** Options of one attempt. */
export interface DeliverOptions extends CallOptions {
  /** By task: the sink's own reference to its last message. Kept across runs while the task may change. @default none */
  readonly messages?: ReadonlyMap<string, string>;
}

/** A destination for events. */
export interface Sink {
  readonly name: SinkName;
  readonly batch: BatchLimits;
  /**
   * Makes one attempt, without retries. Returns one result per event, in order. `detail` is shown to the
   * operator: it holds no secret, URL path, query or header. Throws only on a defect, which is retried.
   */
  deliver(events: readonly CloudEvent[], options: DeliverOptions): Promise<readonly DeliveryResult[]>;
  /** Waits for deliveries in flight, then frees connections. */
  close(): Promise<void>;
}

/** The runtime environment that is passed to a sink. */
export interface SinkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The configuration's folder; relative paths start here. */
  readonly folder: string;
  /** Environment variables: a cloud's region, access key and endpoints, and proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Replaces the network for HTTP sinks. @default each sink opens its own connections */
  readonly dispatcher?: Dispatcher;
  /** Where a sink prints events. @default stdout */
  readonly output?: Writable;
}

/** A sink file's exports. `schema` is the source of its options' type, checks and documentation. */
export interface SinkModule<Schema extends GenericSchema = GenericSchema> {
  readonly schema: Schema;
  create(name: SinkName, options: InferOutput<Schema>, deps: SinkDeps): Sink;
}
