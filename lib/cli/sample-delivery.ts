import type { LoadedSink } from "../config/check/sinks.ts";
import { sinkName } from "../core/names.ts";
import { bounded } from "../delivery/bounded.ts";
import { attemptSample } from "../delivery/sample-attempt.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";
import { span } from "./screen/format.ts";
import { withProgress } from "./screen/progress.ts";

/** Sends one sample event through a sink, without outbox and retries. Exits 0 only when it is accepted. */
export async function deliverSample(
  context: Context,
  name: string,
  { module, options }: LoadedSink,
): Promise<ExitCode> {
  const { clock, log, screen, stop } = context;
  const sink = bounded(module.create(sinkName(name), options, context), clock, log);
  try {
    const { event, result, durationMs } = await withProgress(context, `sending to ${name}`, () =>
      attemptSample(sink, context, { signal: stop }),
    );
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
