import { openQueue } from "../aws/queue.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import { type LoadedSinks, loadSinks } from "../config/load.ts";
import type { DeliveryConfig } from "../config/schema.ts";
import { ConfigError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import { type Deliverer, openDeliverer } from "../fleet/deliverer.ts";
import { maxRestMs } from "../fleet/waits.ts";
import { telemetryFor } from "../opentelemetry/load.ts";
import { warnOfCutTemplates } from "../wire/cut-templates.ts";
import { openSinkPipeline } from "../wire/sink-pipeline.ts";
import { required } from "./environment.ts";
import { containersIn } from "./limits.ts";
import { cachedAcrossInvocations, type Warm, type WarmDeps } from "./warm.ts";

/** Maximum age of a message: one day before the queue deletes it, since a message may be hidden for half a day. */
const maxAgeMs = 13 * 86_400_000;

/** The delivery of one sink's queue. */
export interface Delivering extends Deliverer {
  close(): Promise<void>;
}

/** The delivery function's part that is cached between invocations. */
export const warmDelivering = (deps: WarmDeps): Warm<Delivering> =>
  cachedAcrossInvocations({ load: loadSinks, open: openDelivering }, deps);

async function openDelivering(loaded: LoadedSinks, deps: WarmDeps): Promise<Delivering> {
  const [entry, ...others] = loaded.sinks;
  if (!entry || others.length > 0) {
    const found = others.length > 0 ? `${others.length + 1} sinks` : "none";
    throw new ConfigError([{ field: "BRIDGE_SINKS", found, expected: "the one sink of this function" }]);
  }
  requireNoLivingMessages(...entry);
  await warnOfCutTemplates(loaded, deps.log);
  const { environment } = deps;
  const queue = openQueue(
    required(environment, "BRIDGE_QUEUE", "the URL of the queue it delivers from"),
    deps,
  );
  const deadLetters = openQueue(
    required(environment, "BRIDGE_DEAD_LETTER_QUEUE", "the URL of the dead-letter queue"),
    deps,
  );
  const [name, sink] = entry;
  const { config, folder } = loaded;
  const pipeline = openSinkPipeline(
    name,
    ofContainer(sink, config.delivery, containersIn(environment)),
    config.delivery,
    {
      ...deps,
      folder,
    },
  );
  const telemetry = await telemetryFor(deps, false);
  const observed = telemetry ? { observer: telemetry.observer } : {};
  const { deliver } = openDeliverer({ ...deps, ...pipeline, ...observed, queue, deadLetters });
  return {
    async deliver(batch, time) {
      try {
        return await deliver(batch, time);
      } finally {
        await telemetry?.flush();
      }
    },
    async close() {
      const parts = [pipeline.sink, queue, deadLetters, ...(telemetry ? [telemetry] : [])];
      await Promise.all(parts.map((part) => part.close()));
    },
  };
}

/**
 * Refuses updatable chat messages: a queue keeps no message references, so each change would be posted as a new
 * message. @throws ConfigError
 */
function requireNoLivingMessages(name: SinkName, { options }: LoadedSink): void {
  const mode = typeof options === "object" && options && "mode" in options ? options.mode : null;
  if (mode !== "update" && mode !== "thread") return;
  const expected = "post, because a fleet's deliver function keeps no record of a task's message";
  throw new ConfigError([{ field: `sinks.${name}.mode`, found: mode, expected }]);
}

/** Adapts a sink's limits to one of several containers, and to a queue. */
function ofContainer(sink: LoadedSink, delivery: DeliveryConfig, containers: number): LoadedSink {
  const { retry, rate } = sink.common;
  const maxDelay = Math.min(retry.maxDelay, maxRestMs);
  const maxAge = Math.min(retry.maxAge ?? delivery.maxAge, maxAgeMs);
  const common = { ...sink.common, retry: { ...retry, maxDelay, maxAge } };
  return { ...sink, common: rate ? { ...common, rate: shareOf(rate, containers) } : common };
}

/** Divides the rate among containers, so that all together keep to it. */
function shareOf({ events, per }: ContainerRate, containers: number): ContainerRate {
  const share = Math.floor(events / containers);
  return share > 0 ? { events: share, per } : { events: 1, per: (per * containers) / events };
}

type ContainerRate = NonNullable<LoadedSink["common"]["rate"]>;
