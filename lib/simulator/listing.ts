/** How one version of the list call reads its parameters. */
export interface SimulatedDialect {
  /** Name of the parameter with the page's start. */
  readonly position: string;
  /** Number of the first record. */
  readonly base: 0 | 1;
  /** Whether `offset` (from 0) overrides `position`. */
  readonly honoursOffset: boolean;
  /** Name of the parameter with the earliest creation time. */
  readonly begin: string;
  readonly maxLimit: number;
  /** Whether a limit that is too high is reduced instead of refused. */
  readonly isClamped: boolean;
}

/** Parameters of the DMS list call. */
export const dmsDialect: SimulatedDialect = {
  position: "start",
  base: 1,
  honoursOffset: false,
  begin: "begin_time",
  maxLimit: 100,
  isClamped: false,
};
/** Parameters of the DCS list call. */
export const dcsDialect: SimulatedDialect = {
  ...dmsDialect,
  position: "offset",
  base: 0,
  begin: "start_time",
};

/** The records that a request asks for. */
export interface Slice {
  /** Number of records before the page. */
  readonly index: number;
  readonly limit: number;
  /** Epoch milliseconds in whole seconds; null for no bound. Both bounds are inclusive. */
  readonly beginMs: number | null;
  readonly endMs: number | null;
}

const defaultLimit = 10;

/** Reads the list call's parameters, or returns the name of the first invalid one. */
export function parseSlice(
  query: URLSearchParams,
  spoken: SimulatedDialect,
): Slice | { readonly wrong: string } {
  const isOffset = spoken.honoursOffset && query.has("offset");
  const dialect: SimulatedDialect = isOffset ? { ...spoken, position: "offset", base: 0 } : spoken;
  const position = wholeNumber(query.get(dialect.position) ?? String(dialect.base));
  const limit = wholeNumber(query.get("limit") ?? String(Math.min(defaultLimit, dialect.maxLimit)));
  const begin = optionalTime(query.get(dialect.begin));
  const end = optionalTime(query.get("end_time"));
  if (position === null || position < dialect.base) return { wrong: dialect.position };
  if (limit === null || limit < 1 || (limit > dialect.maxLimit && !dialect.isClamped)) {
    return { wrong: "limit" };
  }
  if (begin === "wrong") return { wrong: dialect.begin };
  if (end === "wrong") return { wrong: "end_time" };
  return {
    index: position - dialect.base,
    limit: Math.min(limit, dialect.maxLimit),
    beginMs: begin,
    endMs: end,
  };
}

/** The slice's page, newest first, and the number of records in its window. At equal times, the one added last is newest. */
export function pageOf<Item extends { readonly createdAtMs: number }>(
  records: readonly Item[],
  { index, limit, beginMs, endMs }: Slice,
): { readonly total: number; readonly page: readonly Item[] } {
  const matching = records
    .filter(({ createdAtMs }) => {
      const secondMs = Math.floor(createdAtMs / 1_000) * 1_000;
      return (beginMs === null || secondMs >= beginMs) && (endMs === null || secondMs <= endMs);
    })
    .reverse()
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  return { total: matching.length, page: matching.slice(index, index + limit) };
}

/** Null for anything but digits that make a safe integer. */
export function wholeNumber(text: string): number | null {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : null;
}

const fourteenDigits = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;

/** Parses YYYYMMDDHHmmss in UTC into epoch milliseconds. */
function optionalTime(text: string | null): number | null | "wrong" {
  if (text === null) return null;
  if (!fourteenDigits.test(text)) return "wrong";
  const iso = text.replace(fourteenDigits, "$1-$2-$3T$4:$5:$6.000Z");
  const ms = Date.parse(iso);
  // Date.parse moves 31 February into March; the API refuses it.
  return !Number.isNaN(ms) && new Date(ms).toISOString() === iso ? ms : "wrong";
}
