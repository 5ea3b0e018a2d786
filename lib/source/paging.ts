/** How a version of the API numbers records: the parameter's name, and the number of the first record. */
export interface Dialect {
  readonly name: "start" | "offset";
  readonly base: 0 | 1;
}

/** Paging behaviour learned from an API; one per source, shared by its listings. */
export interface PagingMemory {
  /** Dialect to fall back on when a learned one is refused. */
  readonly usual: Dialect;
  dialect: Dialect;
  /** Records on a full page, when the API returns fewer than requested. */
  pageLimit: number | null;
  /** Whether the count includes all tasks, or only the page, which makes it useless. */
  counted: "unknown" | "all" | "page";
  /** Ends at which every dialect was tried in vain: the count is not trusted there again. */
  readonly vain: Set<End>;
  /** How much too high an untrusted count was when a listing was last read to its end. */
  uncounted: number | null;
  /** Count of an empty listing for which every dialect was tried: no records are hidden. */
  emptyCount: number | null;
}

/** Creates the memory of an API that nothing is known of yet. */
export const pagingMemory = (usual: Dialect): PagingMemory => ({
  usual,
  dialect: usual,
  pageLimit: null,
  counted: "unknown",
  vain: new Set(),
  uncounted: null,
  emptyCount: null,
});

/** A position to read in a listing. */
export interface Position {
  /** Number of the pass through the listing; each starts at the first record. */
  readonly pass: number;
  readonly name: Dialect["name"];
  readonly value: number;
  /** Whether HTTP 400 means "past the end" here rather than a wrong request. */
  readonly mayBeRefused: boolean;
}

/** Summary of one page. */
interface PageSummary {
  /** Records on the page. */
  readonly received: number;
  /** Records that are new in this pass. */
  readonly brought: number;
  /** Records repeated on the same page. */
  readonly doubled: number;
  readonly taskCount: number | null;
}

/** Yields positions, receives their pages (null: refused), and returns why records may be missing. */
export type PageWalk<Result = string | null> = Generator<Position, Result, PageSummary | null>;

/** Finding of the other dialects: records, the listing's end (an empty or a refused page), or nothing new. */
type DialectTrial = "records" | "end" | "nothing";

/** How a pass ended: with an empty page, or with one (`repeated`) of known records only. */
type End = "empty" | "repeated";

/** Ends at which the other dialects found nothing, with the pass's outcome there. */
type Tried = Map<End, string>;

const maxRereads = 2;
const maxPagesPerPass = 10_000;

/**
 * Reads a listing page by page and verifies it by the API's count. If the count changed, it reads again. If it promises
 * more records, it tries the other dialects and reads once more; if that finds none, `memory` marks the count as
 * untrusted (it may ignore begin_time).
 */
export function* pageWalk(limit: number, memory: PagingMemory): PageWalk {
  const tried: Tried = new Map();
  for (let rereads = 0; ; rereads++) {
    const { doubt, mayPass } = yield* readPass(new Pass(rereads, memory.dialect), limit, memory, tried);
    if (!mayPass || rereads === maxRereads) return doubt;
  }
}

/** Outcome of a pass. `mayPass`: reading again may clear the doubt. */
interface PageOutcome {
  readonly doubt: string | null;
  readonly mayPass: boolean;
}

const complete: PageOutcome = { doubt: null, mayPass: false };
const moved: PageOutcome = { doubt: "the number of tasks changed each time they were read", mayPass: true };
const short: PageOutcome = { doubt: "fewer tasks were listed than the API counts", mayPass: true };
const stuck: PageOutcome = {
  doubt: "the API repeats the same tasks for every position",
  mayPass: false,
};
const endless: PageOutcome = {
  doubt: `the listing has no end after ${maxPagesPerPass} pages`,
  mayPass: false,
};

/** One pass through the listing, from the first record to the end. */
class Pass {
  readonly number: number;
  dialect: Dialect;
  /** Distinct records seen. */
  seen = 0;
  /** Records passed; the next position is the dialect's base plus this. */
  covered = 0;
  pages = 0;
  /** Records on the latest page. */
  received = 0;
  brought = 0;
  doubled = 0;
  count: number | null = null;
  /** Whether the count changed: records may have moved unseen between pages. */
  hasMoved = false;

  constructor(number: number, dialect: Dialect) {
    this.number = number;
    this.dialect = dialect;
  }

  enter(arrival: PageSummary | null, memory: PagingMemory): void {
    this.pages += 1;
    this.received = arrival?.received ?? 0;
    this.brought = arrival?.brought ?? 0;
    this.doubled = arrival?.doubled ?? 0;
    this.seen += this.brought;
    if (arrival) learnCount(memory, arrival, this.seen);
    if (memory.counted === "page") {
      this.count = null;
      return;
    }
    const count = arrival?.taskCount ?? this.count;
    this.hasMoved ||= this.count !== null && count !== this.count;
    this.count = count;
  }

  outcome(): string {
    return `${this.seen} of ${this.count}`;
  }

  isPromisedMore(): boolean {
    return (this.count ?? 0) > this.seen;
  }
}

function* readPass(pass: Pass, limit: number, memory: PagingMemory, tried: Tried): PageWalk<PageOutcome> {
  while (pass.pages < maxPagesPerPass) {
    const { name, base } = pass.dialect;
    const mayBeRefused = pass.covered > 0 || pass.dialect !== memory.usual;
    const previous = pass.received;
    const arrival = yield { pass: pass.number, name, value: base + pass.covered, mayBeRefused };
    pass.enter(arrival, memory);
    if (arrival === null && pass.covered === 0) {
      pass.dialect = memory.dialect = memory.usual;
      continue;
    }
    if (pass.brought > 0) {
      pass.covered += pass.received - pass.doubled;
      if (!pass.hasMoved) learnPageLimit(memory, limit, previous, pass.received);
    } else {
      const end = pass.received === 0 ? "empty" : "repeated";
      if (pass.hasMoved) return moved;
      if (end === "empty" && isExplained(pass, memory)) return settle(pass, memory);
      if (memory.vain.has(end) || tried.get(end) === pass.outcome()) {
        if (pass.seen > 0) memory.vain.add(end);
        // Without a count, a short page that repeats for every position is the whole listing.
        const isWhole = end === "empty" || (pass.count === null && isShort(pass, memory, limit));
        return isWhole ? settle(pass, memory) : stuck;
      }
      const found = yield* tryOtherDialects(end, pass, memory);
      if (pass.hasMoved) return moved;
      if (found === "end") return settle(pass, memory);
      if (found === "nothing") {
        if (pass.count === pass.seen) return settle(pass, memory);
        tried.set(end, pass.outcome());
        return short;
      }
    }
    if (isComplete(pass, memory, limit)) return pass.hasMoved ? moved : complete;
  }
  return endless;
}

/**
 * Whether the latest page ends the listing. A trusted count decides. Without one, only an empty page or one without new
 * records does: a short page may be the API's own page limit.
 */
function isComplete(pass: Pass, memory: PagingMemory, limit: number): boolean {
  if (pass.count === null) return false;
  if (mayCountPage(pass, memory, limit)) return false;
  if (!memory.vain.has("empty")) return pass.count === pass.seen;
  return pass.count - pass.seen === memory.uncounted && isShort(pass, memory, limit);
}

/** The count of a full page may be of that page alone, as long as none exceeded its page. */
const mayCountPage = (pass: Pass, memory: PagingMemory, limit: number): boolean =>
  memory.counted === "unknown" && pass.received >= limit;

const isShort = (pass: Pass, memory: PagingMemory, limit: number): boolean =>
  pass.received < (memory.pageLimit ?? limit);

/**
 * Learns what the count means: above its page's size, and no less than was seen, it is of all tasks; below the records
 * seen it is of the page. Zero past the end says so only while nothing is known: all tasks may have been deleted
 * meanwhile.
 */
function learnCount(memory: PagingMemory, { taskCount, received }: PageSummary, seen: number): void {
  if (taskCount === null) return;
  if (received > 0 && taskCount > received && taskCount >= seen) memory.counted = "all";
  const mayBePage = received > 0 || memory.counted === "unknown";
  if (mayBePage && taskCount === received && taskCount < seen) memory.counted = "page";
}

/** Learns the API's own page limit: a short page followed by another was full. */
function learnPageLimit(memory: PagingMemory, limit: number, previous: number, received: number): void {
  const full = memory.pageLimit ?? limit;
  if (previous > 0 && previous < full) memory.pageLimit = Math.min(limit, Math.max(previous, received));
  else if (received > full) memory.pageLimit = Math.min(limit, received);
}

/** Whether an empty page is the listing's end: nothing is promised, or the promise was followed before in vain. */
function isExplained(pass: Pass, memory: PagingMemory): boolean {
  const isKnownEmpty = pass.seen === 0 && pass.count === memory.emptyCount;
  return !pass.isPromisedMore() || memory.vain.has("empty") || isKnownEmpty;
}

/** All dialects were tried: remembers how much too high the count is, for the next listing's end. */
function settle(pass: Pass, memory: PagingMemory): PageOutcome {
  if (pass.count !== null) memory.uncounted = pass.count - pass.seen;
  if (pass.seen === 0) memory.emptyCount = pass.count;
  return complete;
}

/**
 * Tries the positions of the other dialects, and remembers a dialect that finds records, or the end where the usual one
 * repeated a page.
 */
function* tryOtherDialects(end: End, pass: Pass, memory: PagingMemory): PageWalk<DialectTrial> {
  for (const { name, base, value } of trials(end, pass.dialect, pass.covered)) {
    pass.enter(yield { pass: pass.number, name, value, mayBeRefused: true }, memory);
    if (pass.hasMoved) return "nothing";
    if (pass.received === 0 && !pass.isPromisedMore()) {
      pass.dialect = memory.dialect = { name, base };
      return "end";
    }
    if (pass.brought === 0) continue;
    // A base that is too low by one shows as one known record among new ones.
    const isTooLow = end === "repeated" && pass.brought < pass.received;
    pass.dialect = memory.dialect = { name, base: isTooLow ? 1 : base };
    pass.covered += pass.brought;
    return "records";
  }
  return "nothing";
}

/**
 * Dialects to try: an empty end hides at most the record before the first; a repeated page means an ignored parameter.
 */
function trials(
  end: End,
  { name, base }: Dialect,
  covered: number,
): readonly (Dialect & { readonly value: number })[] {
  if (end === "empty") return base === 1 ? [{ name, base: 0, value: 0 }] : [];
  const other = name === "start" ? "offset" : "start";
  return [
    { name: other, base: 0, value: covered },
    { name: other, base: 1, value: covered + 1 },
    // Counting from 0 in an API that counts from 1 repeats the last record, which is the whole page if pages hold one.
    ...(base === 0 ? [{ name, base: 1, value: covered + 1 } as const] : []),
  ];
}
