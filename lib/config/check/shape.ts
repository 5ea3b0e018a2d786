import type { GenericSchema } from "valibot";

/** An object schema's fields. */
export type Entries = Readonly<Record<string, GenericSchema>>;

/** The schema of a key's value; null when the key is unknown or any value is allowed. */
export function childSchema(
  schema: GenericSchema,
  key: string | number,
  value: unknown,
): GenericSchema | null {
  const concrete = concreteSchema(schema, value);
  if ("item" in concrete && typeof key === "number") return asSchema(concrete.item);
  if (concrete.type === "record" && "value" in concrete) return asSchema(concrete.value);
  const entries = entriesOf(concrete);
  return entries !== null && Object.hasOwn(entries, key) ? (entries[key] ?? null) : null;
}

/** The keys allowed in an object here; null when any key is, or no object is expected. */
export function knownKeys(schema: GenericSchema, value: unknown): readonly string[] | null {
  const concrete = concreteSchema(schema, value);
  const entries = concrete.type === "strict_object" ? entriesOf(concrete) : null;
  return entries && Object.keys(entries);
}

/** The object schema expected here; null when other values are allowed too. */
export function objectSchema(schema: GenericSchema, value: unknown): GenericSchema | null {
  const concrete = concreteSchema(schema, value);
  return concrete.type === "record" || entriesOf(concrete) !== null ? concrete : null;
}

/** The alternative that a list or object was probably meant for; null when none is closest. */
export function meantSchema(schema: GenericSchema | null, value: unknown): GenericSchema | null {
  const concrete = schema && concreteSchema(schema, value);
  return concrete && fitOf(concrete, value) > 0 ? concrete : null;
}

/** The values that the schema names one by one, such as a choice's. */
export function* namedValues(schema: GenericSchema): Generator<unknown> {
  if ("wrapped" in schema) yield* namedValues(asSchema(schema.wrapped) ?? schema);
  else if ("literal" in schema) yield schema.literal;
  else if (schema.type === "variant" && "key" in schema) yield* discriminators(schema, String(schema.key));
  else if ("options" in schema && Array.isArray(schema.options)) {
    for (const option of schema.options) {
      const inner = asSchema(option);
      if (inner) yield* namedValues(inner);
      else yield option;
    }
  }
}

function* discriminators(variant: GenericSchema, key: string): Generator<unknown> {
  const options = "options" in variant && Array.isArray(variant.options) ? variant.options : [];
  for (const option of options) {
    const named = asSchema(option) && entriesOf(option)?.[key];
    if (named) yield* namedValues(named);
  }
}

/** Whether some text may pass. */
export function takesText(schema: GenericSchema): boolean {
  if ("wrapped" in schema) return takesText(asSchema(schema.wrapped) ?? schema);
  if (schema.type === "union" && "options" in schema && Array.isArray(schema.options))
    return schema.options.map(asSchema).some((option) => option === null || takesText(option));
  if ("literal" in schema) return typeof schema.literal === "string";
  return !/^(?:number|boolean|array|record|variant)$|object$/.test(schema.type);
}

/** The expected value, from the schema's own message. */
export function expectation(schema: GenericSchema | null): string {
  const message = schema && "message" in schema ? schema.message : undefined;
  if (typeof message === "string") return message;
  return schema?.expects ?? "a value";
}

/** Unwraps `optional`; of alternatives, picks the one that shares most keys with the value. */
function concreteSchema(schema: GenericSchema, value: unknown): GenericSchema {
  if ("wrapped" in schema) return concreteSchema(asSchema(schema.wrapped) ?? schema, value);
  if (!("options" in schema && Array.isArray(schema.options))) return schema;
  const options = schema.options.map(asSchema).filter((option) => option !== null);
  const fits = options.map((option) => ({ option, fit: fitOf(option, value) }));
  return fits.toSorted((a, b) => b.fit - a.fit)[0]?.option ?? schema;
}

function fitOf(schema: GenericSchema, value: unknown): number {
  const entries = entriesOf(schema);
  if (entries === null || typeof value !== "object" || value === null) {
    return "item" in schema && Array.isArray(value) ? 1 : 0;
  }
  const { type } = schema.type === "strict_object" ? entries : {};
  const isChosen = "type" in value && type && "literal" in type && type.literal === value.type;
  return Object.keys(value).filter((key) => Object.hasOwn(entries, key)).length + (isChosen ? 100 : 0);
}

/** The fields of an object schema; null for any other. */
export const entriesOf = (schema: GenericSchema): Entries | null =>
  "entries" in schema && typeof schema.entries === "object" ? (schema.entries as Entries) : null;

/** The value as a valibot schema; null when it is none. */
export const asSchema = (value: unknown): GenericSchema | null =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "schema"
    ? (value as GenericSchema)
    : null;
