import { type GenericSchema, getDescription } from "valibot";
import { sinkTypes } from "../sinks/index.ts";
import { asSchema, entriesOf, namedValues, takesText } from "./check/shape.ts";

/** Sink types that a starter can have: `custom` needs a module first. */
export const starterTypes = Object.keys(sinkTypes).filter((type) => type !== "custom");

/** A variable of a starter configuration. */
export interface StarterVariable {
  readonly name: string;
  /** Description for the file's reader; null when there is none. */
  readonly about: string | null;
}

/** Options of a sink that is to be filled in. */
export interface StarterSink {
  readonly options: Readonly<Record<string, unknown>>;
  readonly variables: readonly StarterVariable[];
  /** The option for a secret that the place may check, with its variable; null where there is none. */
  readonly secret: StarterVariable | null;
}

/** The option that most users have, for schemas that require one of several. */
const chosen: Readonly<Record<string, readonly string[]>> = { email: ["smtp"], file: ["path"] };
/** Options that need no variable. */
const fixed: Readonly<Record<string, unknown>> = { file: { path: "events.ndjson" } };

/** A sink of a type with every option that it must have: text as a variable, anything else with a value that is allowed. */
export async function starterSink(type: keyof typeof sinkTypes): Promise<StarterSink> {
  const { schema }: { readonly schema: GenericSchema } = await sinkTypes[type]();
  const variables: StarterVariable[] = [];
  const instead = fixed[type];
  const options = instead ?? objectOf(schema, [type], chosen[type] ?? [], variables);
  return { options: { type, ...(options as object) }, variables, secret: optionalSecret(schema, type) };
}

function optionalSecret(schema: GenericSchema, type: string): StarterVariable | null {
  const entry = entriesOf(schema)?.["secret"];
  if (!entry || !("wrapped" in entry)) return null;
  return { name: variableName([type, "secret"]), about: describe(entry) };
}

const describe = (schema: GenericSchema): string | null => {
  const inner = "wrapped" in schema ? asSchema(schema.wrapped) : null;
  return getDescription(schema) ?? (inner && describe(inner));
};

const variableName = (path: readonly string[]): string =>
  path.map((part) => part.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()).join("_");

function objectOf(
  schema: GenericSchema,
  path: readonly string[],
  also: readonly string[],
  variables: StarterVariable[],
): Readonly<Record<string, unknown>> {
  const required = Object.entries(entriesOf(schema) ?? {}).filter(
    ([key, entry]) => also.includes(key) || !("wrapped" in entry),
  );
  return Object.fromEntries(
    required.map(([key, entry]) => [key, starterValue(entry, [...path, key], variables)]),
  );
}

function starterValue(schema: GenericSchema, path: readonly string[], variables: StarterVariable[]): unknown {
  const inner = "wrapped" in schema ? asSchema(schema.wrapped) : null;
  if (inner) return starterValue(inner, path, variables);
  if (entriesOf(schema)) return objectOf(schema, path, [], variables);
  if ("item" in schema) return [starterValue(asSchema(schema.item) ?? schema, path, variables)];
  const [named] = namedValues(schema);
  if (named !== undefined) return named;
  if (!takesText(schema)) return schema.type === "boolean" ? true : 1;
  const name = variableName(path);
  variables.push({ name, about: getDescription(schema) ?? null });
  return `\${${name}}`;
}
