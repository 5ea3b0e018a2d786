import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTaskPage, type TaskPage } from "../../lib/source/parse.ts";
import { anyCharacter } from "../harness/any-character.ts";
import { record } from "./loopback.ts";

const createdAtMs = Date.parse("2024-08-07T12:00:00Z");

function pageOf(body: unknown): TaskPage | null {
  const page = parseTaskPage(body);
  return "problem" in page ? null : page;
}

function one(over: Record<string, unknown>) {
  const page = pageOf({ task_count: "1", tasks: [record("a", over)] });
  return page?.tasks[0] ?? page?.skipped[0];
}

describe("a page", () => {
  it.each([
    ["4", 4],
    [4, 4],
    ["", null],
    ["-1", null],
    [-1, null],
    [1.5, null],
    ["1e3", null],
    [null, null],
    [undefined, null],
    [{}, null],
  ])("with a count of %j counts %j", (task_count, taskCount) => {
    expect(pageOf({ task_count, tasks: [] })?.taskCount).toBe(taskCount);
  });

  it.each([
    [undefined],
    [null],
    ["text"],
    [[]],
    [{}],
    [{ task_count: "1" }],
    [{ tasks: { 0: record("a") } }],
  ])("is none in %j", (body) => {
    expect(parseTaskPage(body)).toEqual({ problem: "no list of tasks" });
  });

  it.each(["id", "status"])(
    "skips a task whose %s is broken Unicode, of which no event id can be made",
    (field) => {
      expect(one({ [field]: "\ud800" })).toMatchObject({ problem: `${field} is broken Unicode` });
    },
  );

  it.each([["0"], [0]])("without a list is empty where the count is %j", (task_count) => {
    const empty = { tasks: [], skipped: [], received: 0, taskCount: 0 };
    for (const body of [{ task_count, tasks: null }, { task_count }]) expect(pageOf(body)).toEqual(empty);
  });

  it.each([
    ["missing", undefined, null],
    ["of all tasks", "10", 10],
  ])("whose list is null is empty where the count is %s", (_name, task_count, taskCount) => {
    const empty = { tasks: [], skipped: [], received: 0, taskCount };
    expect(pageOf({ task_count, tasks: null })).toEqual(empty);
  });

  it("of far more records than were asked for is refused", () => {
    expect(pageOf({ tasks: Array.from({ length: 1_000 }, () => ({})) })?.received).toBe(1_000);
    expect(parseTaskPage({ tasks: Array.from({ length: 1_001 }, () => ({})) })).toEqual({
      problem: "1001 tasks in one page",
    });
  });

  it("keeps its good tasks beside bad ones", () => {
    const page = pageOf({ tasks: [null, 7, "x", [], record("a"), record("b", { id: null }), {}] });
    expect(page?.tasks.map(({ id }) => id)).toEqual(["a"]);
    expect(page?.skipped).toHaveLength(6);
    expect(page?.received).toBe(7);
  });

  it("is read or null for any JSON, and accounts for every record", () => {
    const value = fc.jsonValue();
    const anyRecord = fc.record(
      {
        id: value,
        name: value,
        status: value,
        params: value,
        created_at: value,
        updated_at: value,
        user_id: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, fc.record({ task_count: value, tasks: fc.array(anyRecord) })), (body) => {
        const page = pageOf(body);
        if (page !== null) expect(page.tasks.length + page.skipped.length).toBe(page.received);
      }),
    );
  });
});

describe("a task", () => {
  it("is read as the API shows it", () => {
    expect(one({})).toEqual({
      id: "a",
      name: "bindInstancePublicIp",
      status: "EXECUTING",
      params: "{}",
      user: { id: "u", name: "paas_dms" },
      createdAtMs,
      updatedAtMs: createdAtMs + 1_000,
    });
  });

  it.each([
    ["2024-08-07T12:00:00.123Z", createdAtMs + 123],
    ["2024-08-07T12:00:00Z", createdAtMs],
    ["2024-08-07T12:00:00", createdAtMs],
    ["2024-08-07 12:00:00", createdAtMs],
    ["2024-08-07T20:00:00+08:00", createdAtMs],
    ["2024-08-07T20:00:00.000+0800", createdAtMs],
    ["2024-08-07T12:00:00.123456Z", createdAtMs + 123],
    [String(createdAtMs), createdAtMs],
    [createdAtMs, createdAtMs],
  ])("made at %j is made at %i", (created_at, expected) => {
    expect(one({ created_at })).toMatchObject({ createdAtMs: expected });
  });

  it("is made when the calendar says, on any day and at none that is not", () => {
    const two = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, "0"));
    const written = fc
      .tuple(fc.integer({ min: 0, max: 9_999 }), two, two, two, two, two, fc.integer({ min: 0, max: 999 }))
      .map(([year, month, day, hour, minute, second, ms]) => {
        const [y, fraction] = [String(year).padStart(4, "0"), String(ms).padStart(3, "0")];
        return `${y}-${month}-${day}T${hour}:${minute}:${second}.${fraction}Z`;
      });
    const real = fc
      .date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true })
      .map((date) => date.toISOString());
    fc.assert(
      fc.property(fc.oneof(real, written), (text) => {
        const ms = Date.parse(text);
        const expected = Number.isNaN(ms) ? createdAtMs + 1_000 : ms;
        expect(one({ created_at: text })).toMatchObject({ createdAtMs: expected });
      }),
    );
  });

  it.each(["yesterday", "", null, "2024-13-45T99:00:00Z", "20240807120000", 17, 1e300, {}, "2024-08-07"])(
    "with %j for its creation takes the update's, and for its update has none",
    (wrong) => {
      expect(one({ created_at: wrong })).toMatchObject({ createdAtMs: createdAtMs + 1_000 });
      expect(one({ updated_at: wrong })).toMatchObject({ updatedAtMs: null, createdAtMs });
    },
  );

  it.each([
    [{ params: { a: 1 } }, '{"a":1}'],
    [{ params: null }, null],
    [{ params: undefined }, null],
    [{ params: "" }, ""],
    [{ params: "not json" }, "not json"],
  ])("with %j has the params %j", (over, params) => {
    expect(one(over)).toMatchObject({ params });
  });

  it("keeps a status that is not known", () => {
    expect(one({ status: "PAUSED" })).toMatchObject({ status: "PAUSED" });
  });

  it("may lack name and user", () => {
    const bare = { name: null, user_id: undefined, user_name: "" };
    expect(one(bare)).toMatchObject({ name: "", user: { id: null, name: null } });
  });

  it.each([
    [7, "7"],
    [true, "true"],
    [["a", 1], '["a",1]'],
    [{ text: "a" }, '{"text":"a"}'],
    ["x".repeat(1_024), "x".repeat(1_024)],
    ["x".repeat(1_025), `${"x".repeat(1_023)}…`],
    ["half \ud83d", "half \ufffd"],
    [`${"x".repeat(1_022)}\ud83d\ude00 cut in the middle`, `${"x".repeat(1_022)}…`],
  ])("named %j is told as %j", (name, told) => {
    expect(one({ name, user_name: name, user_id: name })).toMatchObject({
      name: told,
      user: { id: told, name: told },
    });
  });

  it("is told whatever its params are, 20,000 levels of them too", () => {
    const nested = (levels: number, open: string, close: string): unknown =>
      JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`);
    for (const params of [nested(20_000, '{"a":', "}"), nested(20_000, "[", "]")]) {
      const task = one({ params, name: params });
      expect(task).toMatchObject({ id: "a", status: "EXECUTING" });
      expect(JSON.stringify(task)).toMatch(/…/);
    }
    expect(one({ params: "half \ud83d" })).toMatchObject({ params: "half \ufffd" });
  });

  it("is told whatever decorates it", () => {
    const value = fc.oneof(fc.anything({ withNullPrototype: false }), fc.string({ unit: anyCharacter }));
    fc.assert(
      fc.property(value, value, value, value, (name, params, user_id, user_name) => {
        const json: unknown = JSON.parse(
          JSON.stringify({ name, params, user_id, user_name }, (_, part: unknown) =>
            typeof part === "bigint" ? String(part) : part,
          ),
        );
        expect(one(json as Record<string, unknown>)).toMatchObject({ id: "a", status: "EXECUTING" });
      }),
      { numRuns: 30 },
    );
  });

  it("with digits for an id or a status has them as text", () => {
    expect(one({ id: 7, status: 3 })).toMatchObject({ id: "7", status: "3" });
  });

  it.each([
    [{ id: undefined }, "id is missing"],
    [{ id: "" }, "id is missing"],
    [{ id: true }, "id is no text but of type boolean"],
    [{ id: "x".repeat(257) }, "id is longer than 256 characters"],
    [{ status: null }, "status is missing"],
    [{ status: ["SUCCESS"] }, "status is no text but a list"],
    [{ status: "x".repeat(65) }, "status is longer than 64 characters"],
    [{ created_at: null, updated_at: "soon" }, "created_at and updated_at hold no instant"],
  ])("is skipped for %j", (over, problem) => {
    expect(one(over)).toMatchObject({ problem });
  });

  it("that is skipped still tells its id and creation where they can be read", () => {
    expect(one({ status: null })).toEqual({ id: "a", createdAtMs, problem: "status is missing" });
  });

  it("cannot reach into prototypes", () => {
    const body: unknown = JSON.parse(
      '{"tasks":[{"__proto__":{"id":"evil","status":"SUCCESS","created_at":"2024-08-07T12:00:00Z"}}]}',
    );
    expect(pageOf(body)?.tasks).toEqual([]);
    expect(pageOf(body)?.skipped).toMatchObject([{ id: null, problem: "id is missing" }]);
  });
});
