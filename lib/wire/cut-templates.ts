import type { LoadedSinks } from "../config/load.ts";
import type { Log } from "../telemetry/log.ts";

/** Tells of each chat's templates that make more of an event than a message has room for; a message would show a part. */
export async function warnOfCutTemplates({ sinks }: Pick<LoadedSinks, "sinks">, log: Log): Promise<void> {
  for (const [sink, { options }] of sinks) {
    if (typeof options !== "object" || options === null || !("template" in options)) continue;
    const { cutTemplates } = await import("../sinks/chat/templated.ts");
    for (const template of await cutTemplates(options))
      log("warn", "a template is longer than a message has room for, and is cut", { sink, template });
  }
}
