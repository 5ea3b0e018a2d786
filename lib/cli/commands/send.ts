import type { Context } from "../context.ts";
import { type DestinationOptions, destinationOf, loadDestination } from "../destination.ts";
import type { ExitCode } from "../errors.ts";
import { deliverSample } from "../sample-delivery.ts";

/** Sends one sample event to a URL, without a configuration. Exits 0 only when it is accepted. */
export async function send(context: Context, options: DestinationOptions): Promise<ExitCode> {
  const destination = destinationOf(context, options);
  const [sink] = (await loadDestination(destination, context)).sinks.values();
  if (!sink) throw new TypeError(`the sink ${destination.name} was not loaded`);
  return deliverSample(context, destination.name, sink);
}
