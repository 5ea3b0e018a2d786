import { describe, expect, it } from "vitest";
import type { Task } from "../../lib/change/task.ts";
import { taskId } from "../../lib/names.ts";
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
