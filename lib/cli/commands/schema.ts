import { asyncApiDocument } from "../../change/asyncapi.ts";
import { eventJsonSchema } from "../../change/event-schema.ts";
import { configJsonSchema } from "../../config/json-schema.ts";
import { sinkTypes } from "../../sinks/index.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";

/** Prints the JSON Schema of the configuration file. */
export async function configSchema({ screen }: Context): Promise<ExitCode> {
  screen.out.raw(`${JSON.stringify(await configJsonSchema(sinkTypes), null, 2)}\n`);
  return 0;
}

/** Prints the JSON Schema of an event's data. */
export async function eventSchema({ screen }: Context): Promise<ExitCode> {
  screen.out.raw(`${JSON.stringify(eventJsonSchema, null, 2)}\n`);
  return 0;
}

/** Prints the AsyncAPI document of all events. */
export async function asyncApi({ screen }: Context): Promise<ExitCode> {
  screen.out.raw(`${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
  return 0;
}
