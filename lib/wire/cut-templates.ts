import type { LoadedSinks } from "../config/load.ts";
import type { Log } from "../telemetry/log.ts";

/** Warns of chat templates whose longest message exceeds the sink's limit and would be cut. */
export async function warnOfCutTemplates({ sinks }: Pick<LoadedSinks, "sinks">, log: Log): Promise<void> {
  for (const [sink, { options }] of sinks) {
    if (typeof options !== "object" || options === null || !("template" in options)) continue;
    const { cutTemplates } = await import("../sinks/chat/templated.ts");
    for (const template of await cutTemplates(options))
      log("warn", "a template is too long for a message; cut", { sink, template });
  }
}
