import { openQueue } from "../aws/queue.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import { type LoadedSinks, loadSinks } from "../config/load.ts";
import { ConfigError } from "../core/errors.ts";
import { type Deliverer, openDeliverer } from "../fleet/deliverer.ts";
import { openOutlet } from "../wire/sink-pipeline.ts";
import { required } from "./environment.ts";
import { keptWarm, type Warm, type WarmDeps } from "./warm.ts";

/** A hidden message cannot be probed, so a sink that is well again is found out no later than this. */
const maxDelayMs = 15 * 60_000;

export interface Delivering extends Deliverer {
  close(): Promise<void>;
}

/** What the function of one sink keeps between its batches. */
export const warmDelivering = (deps: WarmDeps): Warm<Delivering> =>
  keptWarm({ load: loadSinks, open: openDelivering }, deps);

async function openDelivering(loaded: LoadedSinks, deps: WarmDeps): Promise<Delivering> {
  const [entry, ...others] = loaded.sinks;
  if (!entry || others.length > 0) {
    const found = others.length > 0 ? `${others.length + 1} sinks` : "none";
    throw new ConfigError([{ field: "BRIDGE_SINKS", found, expected: "the one sink of this function" }]);
  }
  const { environment } = deps;
  const queue = openQueue(
    required(environment, "BRIDGE_QUEUE", "the URL of the queue it delivers from"),
    deps,
  );
  const deadLetters = openQueue(
    required(environment, "BRIDGE_DEAD_LETTER_QUEUE", "the URL of the queue for what is given up"),
    deps,
  );
  const [name, sink] = entry;
  const {
    dispatcher,
    matches,
    sink: outlet,
  } = openOutlet(name, withShortWaits(sink), loaded.config.delivery, {
    ...deps,
    folder: loaded.folder,
  });
  const deliverer = openDeliverer({ ...deps, dispatcher, matches, queue, deadLetters });
  return {
    ...deliverer,
    async close() {
      await Promise.all([outlet.close(), queue.close(), deadLetters.close()]);
    },
  };
}

function withShortWaits(sink: LoadedSink): LoadedSink {
  const { retry } = sink.common;
  const maxDelay = Math.min(retry.maxDelay, maxDelayMs);
  return { ...sink, common: { ...sink.common, retry: { ...retry, maxDelay } } };
}
