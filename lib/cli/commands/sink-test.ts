import { sampleEvent } from "../../change/sample.ts";
import { sinkName } from "../../core/names.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { span } from "../screen/format.ts";
import { withProgress } from "../screen/progress.ts";
import { sinkOf } from "../session.ts";

const timeoutMs = 30_000;

/** Sends one sample event through a configured sink, without outbox and retries. Exits 0 only when it is accepted. */
export async function testSink(context: Context, text: string): Promise<ExitCode> {
  const { clock, screen } = context;
  const { sinks } = await sinkOf(context, text, "NAME");
  const name = sinkName(text);
  const loaded = sinks.get(name);
  if (!loaded) throw new TypeError(`the sink ${text} was not loaded`);
  const sink = loaded.module.create(name, loaded.options, context);
  try {
    const event = sampleEvent(clock.now());
    const startedMs = clock.now();
    const signal = AbortSignal.any([context.stop, AbortSignal.timeout(timeoutMs)]);
    const results = await withProgress(context, `sending to ${name}`, () =>
      sink.deliver([event], { signal }),
    );
    const durationMs = clock.now() - startedMs;
    const result = results[0] ?? { kind: "retry", reason: "network", detail: "the sink gave no answer" };
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
