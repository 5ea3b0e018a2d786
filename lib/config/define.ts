import type { GenericSchema, InferInput } from "valibot";
import type { DeliverOnly, UncheckedModule } from "../sinks/custom.ts";
import type { SinkType, sinkTypes } from "../sinks/index.ts";
import type { SinkModule } from "../sinks/sink.ts";
import type { ConfigInput, sinkCommon } from "./schema.ts";

/** The schema of a built-in sink's own options. */
type SchemaOf<Type extends SinkType> =
  Awaited<ReturnType<(typeof sinkTypes)[Type]>> extends {
    readonly schema: infer Schema extends GenericSchema;
  }
    ? Schema
    : never;

type Common = InferInput<typeof sinkCommon>;

type BuiltInSink = {
  [Type in Exclude<SinkType, "custom">]: { readonly type: Type } & Common & InferInput<SchemaOf<Type>>;
}[Exclude<SinkType, "custom">];

interface CustomSink extends Common {
  readonly type: "custom";
  /** The sink itself, or the path of its module. */
  readonly module: string | SinkModule | UncheckedModule | DeliverOnly;
  readonly [option: string]: unknown;
}

/** One sink in a TypeScript configuration. */
export type SinkInput = BuiltInSink | CustomSink;

/** A configuration in TypeScript. */
export interface ConfigDefinition extends Omit<ConfigInput, "sinks"> {
  readonly sinks: Readonly<Record<string, SinkInput>>;
  /** The user's own values, such as one that several places share; ignored. */
  readonly [extension: `x-${string}`]: unknown;
}

/**
 * Types a TypeScript configuration, with completion in an editor, and refuses unknown keys; its values are checked when it
 * is loaded.
 */
export const defineConfig = (definition: ConfigDefinition): ConfigDefinition => definition;
