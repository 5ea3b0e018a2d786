import { sampleEvent } from "../change/sample.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import { sinkName } from "../core/names.ts";
import { attempt } from "../delivery/attempt.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";
import { span } from "./screen/format.ts";
import { withProgress } from "./screen/progress.ts";

const timeoutMs = 30_000;

/** Sends one sample event through a sink, without outbox and retries. Exits 0 only when it is accepted. */
export async function deliverSample(
  context: Context,
  name: string,
  { module, options }: LoadedSink,
): Promise<ExitCode> {
  const { clock, screen } = context;
  const sink = module.create(sinkName(name), options, context);
  try {
    const event = sampleEvent(clock.now());
    const startedMs = clock.now();
    const signal = AbortSignal.any([context.stop, AbortSignal.timeout(timeoutMs)]);
    const results = await withProgress(context, `sending to ${name}`, () =>
      attempt(sink, context.log, [{ entry: { event } }], { signal }),
    );
    const durationMs = clock.now() - startedMs;
    const result = results[0] ?? { kind: "retry", reason: "network", detail: "the sink returned no result" };
    if (context.json) screen.out.json({ sink: name, eventId: event.id, durationMs, result });
    else if (result.kind === "accepted") {
      screen.out.line(
        ["green", "accepted"],
        `  ${name} took sample event ${event.id} in ${span(durationMs)}`,
      );
    } else {
      screen.out.line(
        ["red", result.kind],
        `  ${name}: ${result.detail} (${result.reason}, ${span(durationMs)})`,
      );
    }
    return result.kind === "accepted" ? 0 : 1;
  } finally {
    await sink.close();
  }
}
