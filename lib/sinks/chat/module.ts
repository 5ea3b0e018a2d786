import type * as v from "valibot";
import type { SinkName } from "../../core/names.ts";
import type { Sink, SinkDeps, SinkModule } from "../sink.ts";
import { type LivingOptions, type LivingPlatform, livingSink } from "./living.ts";
import type { ChatOptions } from "./options.ts";
import { type ChatPlatform, chatSink } from "./post.ts";

type OptionsSchema<Options> = v.GenericSchema<unknown, Options>;

/** Makes the platform-specific part of a chat sink from its checked options. */
type OpenPlatform<Schema extends v.GenericSchema, Platform> = (
  options: v.InferOutput<Schema>,
  deps: SinkDeps,
  name: SinkName,
) => Platform;

/** The exports of a chat sink's file that posts each card to a webhook. */
export const chatModule = <Schema extends OptionsSchema<ChatOptions>>(
  schema: Schema,
  open: OpenPlatform<Schema, ChatPlatform>,
): SinkModule<Schema> => ({
  schema,
  create: (name, options, deps): Sink => chatSink(name, options, deps, open(options, deps, name)),
});

/** The exports of a chat sink's file whose messages can be edited and replied to. */
export const livingModule = <Schema extends OptionsSchema<LivingOptions>>(
  schema: Schema,
  open: OpenPlatform<Schema, LivingPlatform>,
): SinkModule<Schema> => ({
  schema,
  create: (name, options, deps): Sink => livingSink(name, options, deps, open(options, deps, name)),
});
