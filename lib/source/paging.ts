/** How a version of the API counts records: the parameter's name, and the number of the first record. */
export interface Dialect {
  readonly name: "start" | "offset";
  readonly base: 0 | 1;
}

/** What listings have learned of an API; one for each source, shared by all its listings. */
export interface PagingMemory {
  /** What to fall back on when a learned dialect is refused. */
  readonly usual: Dialect;
  dialect: Dialect;
  /** Records on a full page, where the API gives fewer than it was asked for. */
  pageLimit: number | null;
  /** What the count is of: all tasks, or the page alone, and then it tells nothing. */
  counted: "unknown" | "all" | "page";
  /** The ends at which all was tried and no more came: the count is not believed there again. */
  readonly vain: Set<End>;
  /** By how much a count that is not believed was too high when a listing was last read to its end. */
  uncounted: number | null;
  /** A count that went with an empty listing, all tried: nothing hides behind it. */
  emptyCount: number | null;
}

export const pagingMemory = (usual: Dialect): PagingMemory => ({
  usual,
  dialect: usual,
  pageLimit: null,
  counted: "unknown",
  vain: new Set(),
  uncounted: null,
  emptyCount: null,
});

export interface Position {
  /** Counts the readings of one listing; a new pass begins at the first record again. */
  readonly pass: number;
  readonly name: Dialect["name"];
  readonly value: number;
  /** Whether HTTP 400 means "past the end" here, and not a wrong request. */
  readonly mayBeRefused: boolean;
}

/** What a page amounts to. */
interface Arrival {
  /** Records on the page. */
  readonly received: number;
  /** Those of them that this pass had not met yet. */
  readonly brought: number;
  /** Those that repeat a record of the same page. */
  readonly doubled: number;
  readonly taskCount: number | null;
}

/** Asks for positions, is told what came (null: refused), and returns why something may be missing. */
export type PageWalk<Result = string | null> = Generator<Position, Result, Arrival | null>;

/** How the records of a pass ran out; `repeated`: a page had none but known ones. */
type End = "empty" | "repeated";

/** Ends at which the other dialects brought nothing, with the pass's outcome there. */
type Tried = Map<End, string>;

const maxRereads = 2;
const maxPagesPerPass = 10_000;

/**
 * Pages through one listing and checks itself against the API's own count. When the count moved, it reads again.
 * When the count stood still and promised more, it tries the other dialects from there, then reads once more; if
 * nothing brings more, the count is not to be believed (it may leave out begin_time) and `memory` says so.
 */
export function* pageWalk(limit: number, memory: PagingMemory): PageWalk {
  const tried: Tried = new Map();
  for (let rereads = 0; ; rereads++) {
    const { doubt, mayPass } = yield* readPass(new Pass(rereads, memory.dialect), limit, memory, tried);
    if (!mayPass || rereads === maxRereads) return doubt;
  }
}

/** What a pass leaves behind. `mayPass`: reading again may remove the doubt. */
interface PageOutcome {
  readonly doubt: string | null;
  readonly mayPass: boolean;
}

const complete: PageOutcome = { doubt: null, mayPass: false };
const moved: PageOutcome = { doubt: "the number of tasks changed each time they were read", mayPass: true };
const short: PageOutcome = { doubt: "fewer tasks were listed than the API counts", mayPass: true };
const stuck: PageOutcome = {
  doubt: "the API repeats its tasks whatever position it is asked for",
  mayPass: false,
};
const endless: PageOutcome = { doubt: `the listing goes on after ${maxPagesPerPass} pages`, mayPass: false };

/** One walk from the first record to where they run out. */
class Pass {
  readonly number: number;
  dialect: Dialect;
  /** Different records met. */
  seen = 0;
  /** Records passed over, so that the next position is the dialect's base and this. */
  covered = 0;
  pages = 0;
  /** Of the latest page. */
  received = 0;
  brought = 0;
  doubled = 0;
  count: number | null = null;
  /** The count changed: records may have slipped unseen from one page to another. */
  hasMoved = false;

  constructor(number: number, dialect: Dialect) {
    this.number = number;
    this.dialect = dialect;
  }

  enter(arrival: Arrival | null, memory: PagingMemory): void {
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
    return this.count !== null && this.count > this.seen;
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
      if (isExplained(end, pass, memory)) return settle(pass, memory);
      if (memory.vain.has(end) || tried.get(end) === pass.outcome()) {
        if (pass.seen > 0) memory.vain.add(end);
        // Without a count, the one short page that comes whatever is asked for is all there is.
        const isWhole = end === "empty" || (pass.count === null && isShort(pass, memory, limit));
        return isWhole ? settle(pass, memory) : stuck;
      }
      const found = yield* tryOtherDialects(end, pass, memory);
      if (pass.hasMoved) return moved;
      if (!found) {
        tried.set(end, pass.outcome());
        return short;
      }
    }
    if (isComplete(pass, memory, limit)) return pass.hasMoved ? moved : complete;
  }
  return endless;
}

/**
 * Whether the listing is read to its end for all that the latest page says. Only a count that can be believed ends it: a
 * short page may be all that an API gives at once, so without such a count an empty page, or one without news, ends it.
 */
function isComplete(pass: Pass, memory: PagingMemory, limit: number): boolean {
  if (pass.count === null) return false;
  // The count of a full page may be of that page alone, as long as none was greater than its page.
  if (memory.counted === "unknown" && pass.received >= limit) return false;
  if (!memory.vain.has("empty")) return pass.count === pass.seen;
  return pass.count - pass.seen === memory.uncounted && isShort(pass, memory, limit);
}

const isShort = (pass: Pass, memory: PagingMemory, limit: number): boolean =>
  pass.received < (memory.pageLimit ?? limit);

/** A count above its page is of all tasks; one that is below what was seen, on a page with records, is of the page. */
function learnCount(memory: PagingMemory, { taskCount, received }: Arrival, seen: number): void {
  if (taskCount === null || received === 0) return;
  if (taskCount > received) memory.counted = "all";
  else if (taskCount === received && taskCount < seen) memory.counted = "page";
}

/** A short page that another one followed was a full one, of an API that gives fewer than it is asked for. */
function learnPageLimit(memory: PagingMemory, limit: number, previous: number, received: number): void {
  const full = memory.pageLimit ?? limit;
  if (previous > 0 && previous < full) memory.pageLimit = Math.min(limit, Math.max(previous, received));
  else if (received > full) memory.pageLimit = Math.min(limit, received);
}

function isExplained(end: End, pass: Pass, memory: PagingMemory): boolean {
  if (end === "repeated") return pass.count === pass.seen;
  const isKnownEmpty = pass.seen === 0 && pass.count === memory.emptyCount;
  return !pass.isPromisedMore() || memory.vain.has("empty") || isKnownEmpty;
}

/** All was tried: by how much the count is too high tells the next listing's end. */
function settle(pass: Pass, memory: PagingMemory): PageOutcome {
  if (pass.count !== null) memory.uncounted = pass.count - pass.seen;
  if (pass.seen === 0) memory.emptyCount = pass.count;
  return complete;
}

/** Looks for records where another dialect would have them; the one that brings some is remembered. */
function* tryOtherDialects(end: End, pass: Pass, memory: PagingMemory): PageWalk<boolean> {
  for (const { name, base, value } of trials(end, pass.dialect, pass.covered)) {
    pass.enter(yield { pass: pass.number, name, value, mayBeRefused: true }, memory);
    if (pass.hasMoved) return false;
    if (pass.brought === 0) continue;
    // Going on with a base that is too low by one shows as a known record among the new ones.
    const isTooLow = end === "repeated" && pass.brought < pass.received;
    pass.dialect = memory.dialect = { name, base: isTooLow ? 1 : base };
    pass.covered += pass.brought;
    return true;
  }
  return false;
}

/** An empty end hides at most the record before the first; a repeated page means the parameter was not heard. */
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
    // Counting from 0 what counts from 1 repeats the last record, which is all of a page of one.
    ...(base === 0 ? [{ name, base: 1, value: covered + 1 } as const] : []),
  ];
}
