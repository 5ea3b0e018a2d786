import type { Reply } from "../../../simulator/receiver.ts";
import { playForever } from "../../../simulator/scenario.ts";
import { type BridgeObserver, observeAll } from "../../../wire/observer.ts";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../errors.ts";
import { openPage } from "../../page.ts";
import { type PlaceOptions, placeOf, pollUntil } from "./demo.ts";
import { withDemo } from "./parts.ts";
import { simulatorControls, sinkSwitches } from "./switches.ts";

/** Tasks of the last minutes, so that the page has something to show at once. */
const past = { count: 44, everyMs: 15_000 };

/** Shows the endless demo on the console's page, with buttons that change the simulated world. */
export async function demoInBrowser(
  context: Context,
  port: string | true,
  options: PlaceOptions,
): Promise<ExitCode> {
  const { clock, random, screen, stop } = context;
  const destination = await placeOf(context, options);
  const switches = sinkSwitches();
  const respond = (sink: string): Reply | null => switches.replyOf(sink);
  const observers: BridgeObserver[] = [];
  const setup = { onDelivery: () => {}, destination, respond, observer: observeAll(observers) };
  await withDemo(context, setup, async ({ bridge, loaded, simulator }) => {
    const over = new AbortController();
    const playing = playForever(simulator.world, {
      clock,
      random,
      past,
      signal: AbortSignal.any([stop, over.signal]),
    });
    const page = await openPage(context, bridge, loaded, {
      mode: "demo",
      port,
      allowsChanges: true,
      simulator: simulatorControls(simulator, switches, context),
    });
    observers.push(page.observer);
    screen.err.line("Open it in a browser. Ctrl-C ends the demo.");
    try {
      await pollUntil(context, { bridge, follow: () => {} }, () => false);
    } finally {
      over.abort();
      page.close();
      await playing;
    }
  });
  return 0;
}
