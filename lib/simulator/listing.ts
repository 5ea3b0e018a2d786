/** How a version of the list call reads its parameters. */
export interface Dialect {
  /** Name of the parameter that says where the page begins. */
  readonly position: string;
  /** The number of the first record. */
  readonly base: 0 | 1;
  /** Whether `offset`, from 0, counts where it is sent, whatever `position` says. */
  readonly honoursOffset: boolean;
  /** Name of the parameter that says from which creation on. */
  readonly begin: string;
  readonly maxLimit: number;
  /** Whether a higher limit is cut down instead of refused. */
  readonly isClamped: boolean;
}

export const dmsDialect: Dialect = {
  position: "start",
  base: 1,
  honoursOffset: false,
  begin: "begin_time",
  maxLimit: 100,
  isClamped: false,
};
export const dcsDialect: Dialect = { ...dmsDialect, position: "offset", base: 0, begin: "start_time" };

/** Which records a request asks for. */
export interface Slice {
  /** Records before the page. */
  readonly index: number;
  readonly limit: number;
  /** Epoch milliseconds of a whole second; null for no bound. Both bounds are inclusive. */
  readonly beginMs: number | null;
  readonly endMs: number | null;
}

const defaultLimit = 10;

/** Reads the list call's parameters; the name of the first one that is wrong where there is one. */
export function parseSlice(query: URLSearchParams, spoken: Dialect): Slice | { readonly wrong: string } {
  const isOffset = spoken.honoursOffset && query.has("offset");
  const dialect: Dialect = isOffset ? { ...spoken, position: "offset", base: 0 } : spoken;
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

/** The slice's page, newest first, and how many records its window holds. Of one instant, the one added last is newest. */
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

/** YYYYMMDDHHmmss in UTC to epoch milliseconds. */
function optionalTime(text: string | null): number | null | "wrong" {
  if (text === null) return null;
  if (!fourteenDigits.test(text)) return "wrong";
  const iso = text.replace(fourteenDigits, "$1-$2-$3T$4:$5:$6.000Z");
  const ms = Date.parse(iso);
  // Date.parse moves 31 February on to March, where the API has an error.
  return !Number.isNaN(ms) && new Date(ms).toISOString() === iso ? ms : "wrong";
}
