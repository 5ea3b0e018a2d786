import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { deliverSample } from "../sample-delivery.ts";
import { sinkOf } from "../session.ts";

/** Sends one sample event through a configured sink. Exits 0 only when it is accepted. */
export async function testSink(context: Context, name: string): Promise<ExitCode> {
  const [sink] = (await sinkOf(context, name, "NAME")).sinks.values();
  if (!sink) throw new TypeError(`the sink ${name} was not loaded`);
  return deliverSample(context, name, sink);
}
