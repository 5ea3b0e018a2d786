import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../../lib/change/task.ts";
import { taskId } from "../../lib/core/names.ts";
import { joinById } from "../../lib/source/join.ts";
import {
  type Dialect,
  type PagingMemory,
  type Position,
  pageWalk,
  pagingMemory,
} from "../../lib/source/paging.ts";
import type { TaskPage } from "../../lib/source/parse.ts";

/** A small API: what it holds, newest first, and how it counts. */
interface Api {
  readonly ids: readonly string[];
  readonly dialect: Dialect;
  /** The most it gives in a page, whatever it is asked for. */
  readonly clamp: number;
  readonly outside: "refused" | "empty";
  readonly belowBase: "refused" | "first page";
  /** Whether each page has its first task twice. */
  readonly doubles: boolean;
  readonly count: (held: number, onPage: number) => number | null;
}

const startFrom1: Dialect = { name: "start", base: 1 };

const api = (over: Partial<Api> & { readonly tasks?: number }): Api => ({
  ids: Array.from({ length: over.tasks ?? 0 }, (_, index) => `t${index}`),
  dialect: startFrom1,
  clamp: 100,
  outside: "empty",
  belowBase: "first page",
  doubles: false,
  count: (held) => held,
  ...over,
});

function answer(api: Api, { name, value }: Position, limit: number): TaskPage | null {
  const isHeard = name === api.dialect.name;
  const index = isHeard ? value - api.dialect.base : 0;
  if (index < 0 && api.belowBase === "refused") return null;
  // Position 1 is what clients in the field begin with, so no version can refuse it.
  if (value > 1 && index >= api.ids.length && api.outside === "refused") return null;
  const from = Math.max(0, index);
  const rows = api.ids.slice(from, from + Math.min(limit, api.clamp)).map(task);
  const tasks = api.doubles ? [...rows, ...rows.slice(0, 1)] : rows;
  return { tasks, skipped: [], received: tasks.length, taskCount: api.count(api.ids.length, tasks.length) };
}

const task = (id: string): Task => ({
  id: taskId(id),
  name: "n",
  status: "SUCCESS",
  params: null,
  user: { id: null, name: null },
  createdAtMs: 0,
  updatedAtMs: 0,
});

/** Reads one listing; `change` may alter the API before each request. */
function read(first: Api, limit: number, memory: PagingMemory, change = (api: Api, _request: number) => api) {
  const walk = pageWalk(limit, memory);
  const join = joinById();
  const seen = new Set<string>();
  const asked: Position[] = [];
  let held = first;
  let step = walk.next();
  while (!step.done) {
    held = change(held, asked.length);
    asked.push(step.value);
    const page = answer(held, step.value, limit);
    if (page === null && !step.value.mayBeRefused) throw new Error("refused at the first position");
    const { tasks, brought, doubled } = join(page ?? { tasks: [], skipped: [] }, step.value.pass);
    for (const { id } of tasks) seen.add(id);
    step = walk.next(page && { ...page, brought, doubled });
  }
  return { seen, asked, doubt: step.value, requests: asked.length };
}

const dialect = fc.constantFrom<Dialect>(
  startFrom1,
  { name: "start", base: 0 },
  { name: "offset", base: 0 },
  { name: "offset", base: 1 },
);
const quietApi = fc
  .record({
    tasks: fc.nat(30),
    dialect,
    clamp: fc.integer({ min: 1, max: 9 }),
    outside: fc.constantFrom<Api["outside"]>("refused", "empty"),
    belowBase: fc.constantFrom<Api["belowBase"]>("refused", "first page"),
  })
  .map(api);
const limit = fc.integer({ min: 1, max: 9 });

describe("an API that stands still", () => {
  it("is read whole, in any dialect, whatever page size it gives, and again from what was learned", () => {
    fc.assert(
      fc.property(quietApi, limit, (api, limit) => {
        const memory = pagingMemory(startFrom1);
        for (let time = 0; time < 3; time++) {
          const { seen, doubt } = read(api, limit, memory);
          expect([...seen].sort()).toEqual([...api.ids].sort());
          expect(doubt).toBeNull();
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("is read whole though its count leaves out begin_time, and without further requests once that is known", () => {
    fc.assert(
      fc.property(quietApi, limit, fc.integer({ min: 1, max: 50 }), (quiet, limit, hidden) => {
        const api = { ...quiet, dialect: startFrom1, count: (held: number) => held + hidden };
        const memory = pagingMemory(startFrom1);
        for (let time = 0; time < 2; time++) expect(read(api, limit, memory).seen.size).toBe(api.ids.length);
        const { seen, doubt, requests } = read(api, limit, memory);
        expect(seen.size).toBe(api.ids.length);
        expect(doubt).toBeNull();
        expect(requests).toBeLessThanOrEqual(Math.floor(api.ids.length / Math.min(limit, api.clamp)) + 1);
      }),
    );
  });

  it("is read whole without a count", () => {
    fc.assert(
      fc.property(quietApi, limit, (quiet, limit) => {
        const api = { ...quiet, dialect: startFrom1, count: () => null };
        const memory = pagingMemory(startFrom1);
        for (let time = 0; time < 2; time++) {
          expect(read(api, limit, memory)).toMatchObject({ doubt: null, seen: { size: api.ids.length } });
        }
      }),
    );
  });

  it("is read whole without a usable count though it hears another parameter, and so it is in every process", () => {
    const heard = fc.constantFrom<Dialect>(
      startFrom1,
      { name: "offset", base: 0 },
      { name: "offset", base: 1 },
    );
    const useless = fc.constantFrom<Api["count"]>(
      () => null,
      (_, onPage) => onPage,
    );
    fc.assert(
      fc.property(quietApi, limit, heard, useless, (quiet, limit, dialect, count) => {
        // A clamped page that counts itself alone cannot be told from a whole list.
        const api = { ...quiet, dialect, count, clamp: limit };
        const memory = pagingMemory(startFrom1);
        for (let time = 0; time < 2; time++) {
          expect(read(api, limit, memory)).toMatchObject({ doubt: null, seen: { size: api.ids.length } });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("is read whole after it grew, when a short listing has shown that its count leaves out begin_time", () => {
    fc.assert(
      fc.property(
        quietApi,
        limit,
        fc.nat(30),
        fc.integer({ min: 1, max: 50 }),
        (quiet, limit, grown, hidden) => {
          const memory = pagingMemory(startFrom1);
          const before = { ...quiet, dialect: startFrom1, count: (held: number) => held + hidden };
          for (let time = 0; time < 2; time++) read(before, limit, memory);
          const { ids } = api({ tasks: before.ids.length + grown });
          const after = { ...before, ids };
          expect(read(after, limit, memory)).toMatchObject({ doubt: null, seen: { size: after.ids.length } });
        },
      ),
    );
  });
});

describe("an API that changes while it is read", () => {
  const steps = fc.array(
    fc.oneof(
      fc.constant("nothing" as const),
      fc.constant("insert" as const),
      fc.record({ remove: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
    ),
    { maxLength: 12 },
  );

  it("is read whole as far as it stood still, or the listing says that it may not be", () => {
    fc.assert(
      fc.property(quietApi, limit, steps, (quiet, limit, steps) => {
        // A refusal brings no count that could tell of the change.
        const first: Api = { ...quiet, outside: "empty" };
        let stayed: readonly string[] = first.ids;
        const { seen, doubt } = read(first, limit, pagingMemory(startFrom1), (held, request) => {
          const step = steps[request] ?? "nothing";
          if (step === "nothing" || request === 0) return held;
          if (step === "insert") return { ...held, ids: [`new${request}`, ...held.ids] };
          const gone = held.ids[Math.floor(step.remove * held.ids.length)];
          stayed = stayed.filter((id) => id !== gone);
          return { ...held, ids: held.ids.filter((id) => id !== gone) };
        });
        if (doubt === null) expect(stayed.filter((id) => !seen.has(id))).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** `start=1`, `offset=100`, …: what a listing asked for. */
const wire = (asked: readonly Position[]) => asked.map(({ name, value }) => `${name}=${value}`);

describe("requests", () => {
  it.each([
    ["an empty listing", 0, ["start=1"]],
    ["a short first page", 99, ["start=1"]],
    ["a full page whose count may be of that page alone", 100, ["start=1", "start=101"]],
    ["three pages", 250, ["start=1", "start=101", "start=201"]],
  ])("are no more than needed for %s", (_name, tasks, expected) => {
    expect(wire(read(api({ tasks }), 100, pagingMemory(startFrom1)).asked)).toEqual(expected);
  });

  it("are one for a full page, once a count was greater than its page", () => {
    const memory = pagingMemory(startFrom1);
    read(api({ tasks: 250 }), 100, memory);
    expect(wire(read(api({ tasks: 100 }), 100, memory).asked)).toEqual(["start=1"]);
  });

  it("may be refused anywhere but at the position that every API hears", () => {
    const memory = pagingMemory(startFrom1);
    const refusable = () =>
      read(api({ tasks: 25 }), 10, memory).asked.map(({ mayBeRefused }) => mayBeRefused);
    expect(refusable()).toEqual([false, true, true]);
    memory.dialect = { name: "start", base: 0 };
    expect(refusable()[0]).toBe(true);
  });

  it("go on after the tasks of a page that are told apart", () => {
    const { asked, seen } = read(api({ tasks: 25, doubles: true }), 10, pagingMemory(startFrom1));
    expect(wire(asked)).toEqual(["start=1", "start=11", "start=21"]);
    expect(seen.size).toBe(25);
  });

  it("go on after a full page though one past the end had the count of that page: it may stop there", () => {
    const memory = pagingMemory(startFrom1);
    const capped = (tasks: number) => api({ tasks, count: (held) => Math.min(held, 100) });
    expect(read(capped(100), 100, memory).requests).toBe(2);
    expect(read(capped(230), 100, memory)).toMatchObject({ doubt: null, seen: { size: 230 } });
  });

  it("know the count again after most tasks, or all, were deleted while they were read", () => {
    for (const left of [0, 5]) {
      const memory = pagingMemory(startFrom1);
      const shrinking = (held: Api, request: number) =>
        request > 0 ? { ...held, ids: held.ids.slice(0, left) } : held;
      const { asked, doubt } = read(api({ tasks: 20 }), 10, memory, shrinking);
      expect(wire(asked)).toEqual(["start=1", "start=11", "start=1"]);
      expect(doubt).toBeNull();
      expect(wire(read(api({ tasks: 20 }), 10, memory).asked)).toEqual(["start=1", "start=11"]);
    }
  });

  it("read all where the count turns from all tasks to those of each page meanwhile", () => {
    const turning = (held: Api, request: number): Api =>
      request > 0 ? { ...held, count: (_, onPage) => onPage } : held;
    const turned = read(api({ tasks: 25 }), 10, pagingMemory(startFrom1), turning);
    expect(turned).toMatchObject({ doubt: null, seen: { size: 25 }, requests: 4 });
  });

  it.each([10, 20, 25, 30])("read all of %i tasks whose count is of each page alone", (tasks) => {
    const memory = pagingMemory(startFrom1);
    const paged = api({ tasks, count: (_, onPage) => onPage });
    expect(read(paged, 10, memory)).toMatchObject({ doubt: null, seen: { size: tasks } });
    expect(read(paged, 10, memory)).toMatchObject({ doubt: null, seen: { size: tasks } });
  });

  it.each([10, 20, 25])(
    "read all of %i tasks whose count is of each page, where start is not heard",
    (tasks) => {
      const paged = api({ tasks, count: (_, onPage) => onPage, dialect: { name: "offset", base: 0 } });
      expect(read(paged, 10, pagingMemory(startFrom1)).seen.size).toBe(tasks);
    },
  );

  it("go on after a short page when there is no count, until a page brings nothing", () => {
    const clamped = api({ tasks: 25, clamp: 10, count: () => null });
    const { asked, seen, doubt } = read(clamped, 100, pagingMemory(startFrom1));
    expect(wire(asked)).toEqual(["start=1", "start=11", "start=21", "start=26"]);
    expect([seen.size, doubt]).toEqual([25, null]);
  });

  it("read all of 230 tasks whose count stops at 100, in every poll", () => {
    const memory = pagingMemory(startFrom1);
    const capped = api({ tasks: 230, count: (held) => Math.min(held, 100) });
    for (let time = 0; time < 3; time++)
      expect(read(capped, 100, memory)).toMatchObject({ doubt: null, seen: { size: 230 } });
  });

  it("are two for one short page that comes whatever is asked for, without a count, once that is known", () => {
    const memory = pagingMemory(startFrom1);
    const deaf = api({ tasks: 3, count: () => null, dialect: { name: "page" as "start", base: 1 } });
    expect(read(deaf, 100, memory)).toMatchObject({ doubt: null, seen: { size: 3 } });
    expect(read(deaf, 100, memory)).toMatchObject({ doubt: null, requests: 2 });
  });

  it("go on after a full page when there is no count", () => {
    const { asked } = read(api({ tasks: 100, count: () => null }), 100, pagingMemory(startFrom1));
    expect(wire(asked)).toEqual(["start=1", "start=101"]);
  });

  it("go on after a short page while the count promises more, at the number of records received", () => {
    const memory = pagingMemory(startFrom1);
    const clamped = api({ tasks: 25, clamp: 10 });
    expect(wire(read(clamped, 100, memory).asked)).toEqual(["start=1", "start=11", "start=21"]);
    expect(memory.pageLimit).toBe(10);
  });

  it("turn to offset where start is not heard, and begin with it the next time", () => {
    const memory = pagingMemory(startFrom1);
    const offset = api({ tasks: 150, dialect: { name: "offset", base: 0 } });
    expect(wire(read(offset, 100, memory).asked)).toEqual(["start=1", "start=101", "offset=100"]);
    expect(wire(read(offset, 100, memory).asked)).toEqual(["offset=0", "offset=100"]);
  });

  it("turn to start where offset is not heard", () => {
    const memory = pagingMemory({ name: "offset", base: 0 });
    expect(wire(read(api({ tasks: 25 }), 10, memory).asked)).toEqual([
      "offset=0",
      "offset=10",
      "start=10",
      "start=20",
    ]);
    expect(memory.dialect).toEqual(startFrom1);
  });

  it("end with the page that is empty in another dialect", () => {
    for (const count of [10, null]) {
      const memory = pagingMemory(startFrom1);
      const full = api({ tasks: 10, count: () => count, dialect: { name: "offset", base: 0 } });
      expect(wire(read(full, 10, memory).asked)).toEqual(["start=1", "start=11", "offset=10"]);
      expect(memory.dialect).toEqual({ name: "offset", base: 0 });
    }
  });

  it("look before no first record that is counted from 0", () => {
    const memory = pagingMemory(startFrom1);
    memory.dialect = { name: "start", base: 0 };
    const zeroBased = api({ tasks: 3, count: () => 40, dialect: memory.dialect });
    expect(wire(read(zeroBased, 100, memory).asked)).toEqual(["start=0", "start=3", "start=0", "start=3"]);
  });

  it("look before the first record where the API counts from 0", () => {
    const memory = pagingMemory(startFrom1);
    const zeroBased = api({ tasks: 3, dialect: { name: "start", base: 0 } });
    expect(wire(read(zeroBased, 100, memory).asked)).toEqual(["start=1", "start=3", "start=0"]);
    expect(wire(read(zeroBased, 100, memory).asked)).toEqual(["start=0"]);
  });

  it("learn from the overlap that offset counts from 1", () => {
    const memory = pagingMemory(startFrom1);
    const offset = api({ tasks: 250, dialect: { name: "offset", base: 1 } });
    expect(wire(read(offset, 100, memory).asked)).toEqual([
      "start=1",
      "start=101",
      "offset=100",
      "offset=200",
    ]);
    expect(memory.dialect).toEqual({ name: "offset", base: 1 });
  });

  it("look before the first record again where the API has turned to counting from 0", () => {
    const memory = pagingMemory(startFrom1);
    read(api({ tasks: 1 }), 1, memory);
    const turned = api({ tasks: 1, dialect: { name: "start", base: 0 } });
    expect(read(turned, 1, memory).seen.size).toBe(1);
  });

  it("unlearn a base that was too low, though pages of one record only repeat", () => {
    const memory = pagingMemory(startFrom1);
    memory.dialect = { name: "start", base: 0 };
    expect(read(api({ tasks: 3 }), 1, memory).seen.size).toBe(3);
    expect(memory.dialect).toEqual(startFrom1);
  });

  it("learn nothing from a task that appears meanwhile", () => {
    const memory = pagingMemory(startFrom1);
    const insert = (held: Api, request: number) =>
      request === 2 ? { ...held, ids: ["new", ...held.ids] } : held;
    read(api({ tasks: 3, count: (held) => held + 5 }), 100, memory, insert);
    expect(memory.dialect).toEqual(startFrom1);
  });

  it("go by the largest page that was seen", () => {
    const memory = pagingMemory(startFrom1);
    memory.pageLimit = 5;
    read(api({ tasks: 10, clamp: 10 }), 100, memory);
    expect(memory.pageLimit).toBe(10);
    const growing = pagingMemory(startFrom1);
    read(api({ tasks: 8 }), 100, growing, (held, request) => ({ ...held, clamp: request === 0 ? 3 : 5 }));
    expect(growing.pageLimit).toBe(5);
  });

  it("learn no page size while the count moves", () => {
    const memory = pagingMemory(startFrom1);
    const moving = (held: Api, request: number) => ({ ...held, count: () => 10 + request });
    read(api({ tasks: 10, clamp: 3 }), 5, memory, moving);
    expect(memory.pageLimit).toBeNull();
  });

  it("fall back on the usual dialect when the learned one is refused", () => {
    const memory = pagingMemory(startFrom1);
    memory.dialect = { name: "offset", base: 0 };
    const strict = api({ tasks: 3, belowBase: "refused", dialect: { name: "offset", base: 1 } });
    expect(wire(read(strict, 100, memory).asked)).toEqual(["offset=0", "start=1"]);
    expect(memory.dialect).toEqual(startFrom1);
  });

  it("do not chase a count twice that nothing can be found behind", () => {
    const memory = pagingMemory(startFrom1);
    const whole = api({ tasks: 3, count: () => 40 });
    expect(read(whole, 100, memory).requests).toBe(5);
    expect(read(whole, 100, memory)).toMatchObject({ requests: 1, doubt: null });
  });

  it("chase the count behind an empty listing again only once it has changed", () => {
    const memory = pagingMemory(startFrom1);
    const idle = api({ tasks: 0, count: () => 40 });
    read(idle, 100, memory);
    expect(read(idle, 100, memory).requests).toBe(1);
    const zeroBased = api({ tasks: 1, count: () => 41, dialect: { name: "start", base: 0 } });
    expect(read(zeroBased, 100, memory).seen.size).toBe(1);
    const other = pagingMemory(startFrom1);
    read(idle, 100, other);
    const same = api({ tasks: 3, count: () => 40, dialect: { name: "start", base: 0 } });
    expect(read(same, 100, other).seen.size).toBe(3);
  });

  it("end however long the listing is", () => {
    const ids = ["t0", "t1"];
    const growing = (held: Api, request: number) => {
      ids.push(`more${request}-0`, `more${request}-1`);
      return held;
    };
    const endless = api({ ids, clamp: 2, count: () => null });
    const { doubt, requests } = read(endless, 2, pagingMemory(startFrom1), growing);
    expect(requests).toBe(10_000);
    expect(doubt).toMatch(/has no end/);
  });
});

describe("doubt", () => {
  it("stands for a page that repeats whatever is asked for, at two requests a poll once that is known", () => {
    const memory = pagingMemory(startFrom1);
    const deaf = api({ tasks: 3, clamp: 2, dialect: { name: "page" as "start", base: 1 } });
    expect(read(deaf, 2, memory).doubt).toMatch(/repeats/);
    expect(read(deaf, 2, memory)).toMatchObject({ requests: 2, doubt: expect.stringMatching(/repeats/) });
  });

  it("stands for a short page that repeats before its count is reached, and for a full one without a count", () => {
    const deaf = { name: "page" as "start", base: 1 } as const;
    const promised = pagingMemory(startFrom1);
    for (let poll = 0; poll < 2; poll++) {
      const short = api({ tasks: 3, count: () => 10, dialect: deaf });
      expect(read(short, 100, promised).doubt).toMatch(/repeats/);
    }
    const full = api({ tasks: 3, clamp: 2, count: () => null, dialect: deaf });
    expect(read(full, 2, pagingMemory(startFrom1)).doubt).toMatch(/repeats/);
  });

  it("does not come of a full page that repeats and holds all that the API counts", () => {
    const deaf = api({ tasks: 2, dialect: { name: "page" as "start", base: 1 } });
    const { doubt, requests } = read(deaf, 2, pagingMemory(startFrom1));
    expect([doubt, requests]).toEqual([null, 4]);
  });

  it("stands after three readings that broke off at different places", () => {
    const whole = api({ tasks: 8, clamp: 2 });
    const broken = (_: Api, request: number) =>
      [1, 5, 10].includes(request) ? { ...whole, ids: [], count: () => 8 } : whole;
    const { doubt } = read(whole, 2, pagingMemory(startFrom1), broken);
    expect(doubt).toBe("fewer tasks were listed than the API counts");
  });

  it("stands after three readings during each of which the count moved", () => {
    const moving = (held: Api, request: number) => ({ ...held, count: () => 10 + request });
    const { doubt, asked } = read(api({ tasks: 10, clamp: 5 }), 5, pagingMemory(startFrom1), moving);
    expect(doubt).toMatch(/changed/);
    expect(asked.filter(({ value }) => value === 1)).toHaveLength(3);
  });

  it("goes when the second reading is quiet", () => {
    const once = (held: Api, request: number) => ({ ...held, count: () => (request === 0 ? 11 : 10) });
    const { doubt, seen } = read(api({ tasks: 10 }), 5, pagingMemory(startFrom1), once);
    expect(doubt).toBeNull();
    expect(seen.size).toBe(10);
  });

  it("does not come of a page that was empty or repeated just once", () => {
    for (const wrong of [[], ["t0", "t1"]]) {
      const held = api({ tasks: 6, clamp: 2 });
      const once = (_: Api, request: number) =>
        request === 1
          ? { ...held, ids: Array.from({ length: 3 }, () => wrong).flat(), count: () => 6 }
          : held;
      const memory = pagingMemory(startFrom1);
      const { doubt, seen } = read(held, 2, memory, once);
      expect(doubt).toBeNull();
      expect(seen.size).toBe(6);
      expect(memory.vain.size).toBe(0);
    }
  });

  it("does not come of two readings that broke off at different places", () => {
    const held = api({ tasks: 6, clamp: 2 });
    const twice = (_: Api, request: number) =>
      request === 1 || request === 5 ? { ...held, ids: [], count: () => 6 } : held;
    const { doubt, seen } = read(held, 2, pagingMemory(startFrom1), twice);
    expect(doubt).toBeNull();
    expect(seen.size).toBe(6);
  });
});
