import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stampMs, type Task } from "../../lib/change/task.ts";
import { taskId } from "../../lib/core/names.ts";
import { joinById } from "../../lib/source/join.ts";

const task = (id: string, updatedAtMs: number, status = "EXECUTING"): Task => ({
  id: taskId(id),
  name: "n",
  status,
  params: null,
  user: { id: null, name: null },
  createdAtMs: 0,
  updatedAtMs,
});
const page = (...tasks: readonly Task[]) => ({ tasks, skipped: [] });
const broken = { id: null, createdAtMs: 5, problem: "id is missing" };

describe("joining", () => {
  it("gives a task again only when it changed", () => {
    const join = joinById();
    expect(join(page(task("a", 1), task("b", 1)), 0).tasks).toHaveLength(2);
    expect(join(page(task("a", 1)), 0).tasks).toEqual([]);
    expect(join(page(task("a", 2)), 0).tasks).toEqual([task("a", 2)]);
    expect(join(page(task("a", 1, "CREATED")), 0).tasks).toEqual([]);
    expect(join(page(task("a", 2, "SUCCESS")), 0).tasks).toEqual([task("a", 2, "SUCCESS")]);
    expect(join(page(task("a", 2, "SUCCESS")), 0).tasks).toEqual([]);
  });

  it("gives the newest of a page's versions, wherever it stands", () => {
    expect(joinById()(page(task("a", 1), task("a", 3), task("a", 2)), 0).tasks).toEqual([task("a", 3)]);
  });

  it("counts what a page brings for each pass anew", () => {
    const join = joinById();
    expect(join(page(task("a", 1), task("b", 1), task("a", 1)), 0)).toMatchObject({ brought: 2, doubled: 1 });
    expect(join(page(task("b", 1), task("c", 1)), 0).brought).toBe(1);
    expect(join(page(task("a", 1), task("b", 1)), 1)).toEqual({
      tasks: [],
      skipped: [],
      brought: 2,
      doubled: 0,
    });
  });

  it("counts and reports a record that cannot be read like any other", () => {
    const join = joinById();
    expect(join({ tasks: [], skipped: [broken, { ...broken, id: "x" }] }, 0)).toMatchObject({ brought: 2 });
    expect(join({ tasks: [], skipped: [broken] }, 0)).toEqual({
      tasks: [],
      skipped: [],
      brought: 0,
      doubled: 0,
    });
    expect(join({ tasks: [], skipped: [broken] }, 1)).toEqual({
      tasks: [],
      skipped: [],
      brought: 1,
      doubled: 0,
    });
  });
});

/** What joining means, told without regard to its cost. */
function plainJoin() {
  const given = new Map<string, Task>();
  const met = new Map<number, Set<string>>();
  return (tasks: readonly Task[], pass: number) => {
    const seen = met.get(pass) ?? new Set<string>();
    met.set(pass, seen);
    const brought = new Set(tasks.map(({ id }) => id)).difference(seen).size;
    const doubled = tasks.length - new Set(tasks.map(({ id }) => id)).size;
    const fresh = new Map<string, Task>();
    for (const each of tasks) {
      seen.add(each.id);
      const known = given.get(each.id);
      const isNewer =
        known === undefined ||
        stampMs(each) > stampMs(known) ||
        (stampMs(each) === stampMs(known) && each.status !== known.status);
      if (!isNewer) continue;
      given.set(each.id, each);
      fresh.set(each.id, each);
    }
    return { tasks: [...fresh.values()], skipped: [], brought, doubled };
  };
}

describe("joining, in whatever order tasks come", () => {
  // Few ids and instants, so that they meet; a task's creation never changes.
  const anyTask = fc
    .record({
      number: fc.nat({ max: 9 }),
      updatedAtMs: fc.nat({ max: 3 }),
      status: fc.constantFrom("CREATED", "EXECUTING", "SUCCESS"),
    })
    .map(({ number, updatedAtMs, status }) => ({
      ...task(`t${number}`, updatedAtMs, status),
      createdAtMs: Math.floor(number / 2),
    }));
  const anyPage = fc.array(anyTask, { maxLength: 8 });
  const newestFirst = anyPage.map((tasks) => tasks.toSorted((a, b) => b.createdAtMs - a.createdAtMs));

  it.each([
    ["at random", fc.array(anyPage, { maxLength: 5 })],
    ["newest first", fc.array(newestFirst, { maxLength: 5 })],
  ])("gives, counts and repeats the same as a plain join, %s", (_, listing) => {
    fc.assert(
      fc.property(listing, fc.nat({ max: 5 }), (pages, secondPassFrom) => {
        const [join, plain] = [joinById(), plainJoin()];
        for (const [number, tasks] of pages.entries()) {
          const pass = number >= secondPassFrom ? 1 : 0;
          expect(join(page(...tasks), pass)).toEqual(plain(tasks, pass));
        }
      }),
    );
  });
});
