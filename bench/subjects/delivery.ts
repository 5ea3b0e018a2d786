// Sends events to a webhook: through the bridge, or in a bare loop over the same client and connections.
import process from "node:process";
import { Agent } from "undici";
import * as v from "valibot";
import { systemClock } from "../../lib/core/clock.ts";
import { type Stream, sinkName, streamKey } from "../../lib/core/names.ts";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import * as webhook from "../../lib/sinks/webhook.ts";
import { instanceId, projectId } from "./bridge.ts";
import { outboxOf } from "./events.ts";
import { reading, tell } from "./reading.ts";

const [mode, hook = "", count = "0", first = "0", atOnce = "1"] = process.argv.slice(2);
const concurrency = Number(atOnce);
const stream: Stream = { engine: "kafka", region: "cn-north-4", projectId, instanceId: instanceId(0) };
const name = sinkName("hook");
const outbox = outboxOf(stream, name, Number(count));
const url = new URL(hook);

let startedMs = 0;
let answered = 0;
let firstMs = 0;
/** Called for each response. */
const note = (): void => {
  answered += 1;
  if (answered === Number(first)) firstMs = performance.now() - startedMs;
};

async function bare(): Promise<number> {
  const agent = new Agent({ allowH2: false, connections: concurrency });
  const waiting = [...outbox];
  let accepted = 0;
  const worker = async (): Promise<void> => {
    for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
      const { statusCode, body } = await agent.request({
        origin: url.origin,
        path: url.pathname,
        method: "POST",
        headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
        body: JSON.stringify(entry.event),
      });
      await body.dump();
      note();
      if (statusCode < 300) accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await agent.close();
  return accepted;
}

async function ours(): Promise<number> {
  const deps = { clock: systemClock, random: Math.random, log: () => {} };
  const options = v.parse(webhook.schema, { url: hook, allowPrivateNetwork: true });
  const sink = webhook.create(name, options, { ...deps, folder: ".", environment: {} });
  const policy = {
    attemptsPerRun: 3,
    initialDelayMs: 1_000,
    maxDelayMs: 60_000,
    maxRetryAfterMs: 3_600_000,
    maxAttempts: null,
    maxAgeMs: 604_800_000,
  };
  const breaker = new CircuitBreaker({ sink, policy, concurrency, rate: null, clock: systemClock });
  const { accepted } = await new SinkDispatcher({ ...deps, breaker }).dispatch(
    {
      stream: streamKey(stream),
      record: { outbox, messages: new Map() },
      agingMs: () => Date.now(),
      stopAtMs: Date.now() + 600_000,
      attempted: note,
    },
    { signal: AbortSignal.timeout(600_000) },
  );
  await sink.close();
  return accepted;
}

const readings = await reading(async () => {
  startedMs = performance.now();
  return { accepted: mode === "floor" ? await bare() : await ours() };
});
if (readings["accepted"] !== Number(count)) throw new Error(`${readings["accepted"]} of ${count} accepted`);
tell({
  ...readings,
  eventsPerSecond: (Number(count) / (readings["wallMs"] ?? 0)) * 1_000,
  firstPerSecond: (Number(first) / firstMs) * 1_000,
});
