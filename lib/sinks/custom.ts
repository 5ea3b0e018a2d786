import * as v from "valibot";
import { ConfigError, nameOf } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { fieldsOf } from "../text/json.ts";
import { maskProse } from "../text/secret-shapes.ts";
import type { BatchLimits, Sink, SinkDeps, SinkModule } from "./sink.ts";

/** A custom sink that accepts any options, unchecked. */
export interface UncheckedModule {
  create(name: SinkName, options: Readonly<Record<string, unknown>>, deps: SinkDeps): Sink;
}

/** The shortest form of a custom sink, without options. */
export interface DeliverOnly extends Pick<Sink, "deliver"> {
  /** @default one event at a time */
  readonly batch?: BatchLimits;
  close?(): Promise<void>;
}

/** Defines a custom sink with its types checked: the value that `module` names in a sink of type `custom`. */
export function defineSink<Schema extends v.GenericSchema>(module: SinkModule<Schema>): SinkModule<Schema>;
export function defineSink(module: UncheckedModule | DeliverOnly): SinkModule;
export function defineSink(module: SinkModule | UncheckedModule | DeliverOnly): SinkModule {
  if ("deliver" in module) return fromDeliver(module);
  return "schema" in module ? module : unchecked(module);
}

const anyOptions = v.looseObject({});

const unchecked = (module: UncheckedModule): SinkModule<typeof anyOptions> => ({
  schema: anyOptions,
  create: (name, options, deps) => module.create(name, options, deps),
});

const fromDeliver = (given: DeliverOnly): SinkModule => ({
  schema: v.strictObject({}),
  create: (name) => ({
    name,
    batch: given.batch ?? { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, options) => given.deliver(events, options),
    close: async () => given.close?.(),
  }),
});

const moduleExpectation =
  "a path of a module, or the module, with deliver, or with create and a valibot schema";

/** A path in `module` is replaced by the file's export before the schema runs. */
export const schema = v.pipe(
  v.looseObject({
    module: v.pipe(
      v.unknown(),
      v.description("Path of the sink's module, or in a TypeScript configuration the sink itself."),
    ),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { module: exported, ...rest } = dataset.value;
    const module = moduleOf(exported);
    if (!module) {
      const key = {
        type: "object",
        origin: "value",
        input: dataset.value,
        key: "module",
        value: exported,
      } as const;
      addIssue({ message: moduleExpectation, path: [key] });
      return NEVER;
    }
    const parsed = v.safeParse(module.schema, rest);
    if (parsed.success) return { module, options: parsed.output };
    for (const { message, input, path } of parsed.issues) addIssue({ message, input, ...(path && { path }) });
    return NEVER;
  }),
);

/** Checked options of a sink of type `custom`. */
export type CustomOptions = v.InferOutput<typeof schema>;

/** The sink in a file's or configuration's value, either itself or its default export; null when it is not one. */
function moduleOf(exported: unknown): SinkModule | null {
  if (isSink(exported)) return defineSink(exported);
  const isFile = typeof exported === "object" && exported !== null && "default" in exported;
  return isFile && isSink(exported.default) ? defineSink(exported.default) : null;
}

const isSink = (value: unknown): value is SinkModule | UncheckedModule | DeliverOnly =>
  typeof value === "object" &&
  value !== null &&
  (("create" in value && typeof value.create === "function") ||
    ("deliver" in value && typeof value.deliver === "function")) &&
  (!("schema" in value) || isSchema(value.schema));

const isSchema = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "schema";

/**
 * Creates the sink of the configured module. A module whose `create` throws, or returns no sink, becomes a sink that
 * answers each event with that defect, so that the other sinks are served.
 * @throws ConfigError of the module
 */
export function create(name: SinkName, { module, options }: CustomOptions, deps: SinkDeps): Sink {
  try {
    const sink: Partial<Sink> | undefined = module.create(name, options, deps);
    if (typeof sink?.deliver !== "function") return brokenSink(name, "create returned no sink with deliver");
    return {
      name,
      batch: batchOf(sink.batch),
      deliver: async (events, call) => masked(await sink.deliver?.(events, call)),
      close: async () => sink.close?.(),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return brokenSink(name, `create threw ${nameOf(error)}`);
  }
}

/** A module may give limits of any kind; wrong ones stand for one event at a time. */
function batchOf(given: unknown): BatchLimits {
  const { maxEvents, maxBytes, digestAbove } = fieldsOf(given);
  return {
    maxEvents: isAtLeast(1, maxEvents) ? maxEvents : 1,
    maxBytes: isAtLeast(1, maxBytes) ? maxBytes : Number.MAX_SAFE_INTEGER,
    ...(isAtLeast(0, digestAbove) && { digestAbove }),
  };
}

const isAtLeast = (least: number, value: unknown): value is number =>
  typeof value === "number" && value >= least;

/** Details are shown and logged, and their author may not think of secrets. The results are checked by the delivery. */
const masked = (answer: unknown): readonly DeliveryResult[] =>
  Array.isArray(answer)
    ? answer.map((result) => {
        const { detail } = fieldsOf(result);
        return typeof detail === "string"
          ? { ...result, detail: maskProse(detail.slice(0, maxDetail)) }
          : result;
      })
    : (answer as readonly DeliveryResult[]);

const maxDetail = 4_096;

const brokenSink = (name: SinkName, detail: string): Sink => ({
  name,
  batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
  deliver: async (events) => events.map(() => ({ kind: "retry", reason: "defect", detail })),
  close: async () => {},
});
