import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTaskPage } from "../../lib/source/parse.ts";
import { record } from "./loopback.ts";

const createdAtMs = Date.parse("2024-08-07T12:00:00Z");

function one(over: Record<string, unknown>) {
  const page = parseTaskPage({ task_count: "1", tasks: [record("a", over)] });
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
    expect(parseTaskPage({ task_count, tasks: [] })?.taskCount).toBe(taskCount);
  });

  it.each([[undefined], [null], ["text"], [[]], [{}], [{ tasks: null }], [{ tasks: { 0: record("a") } }]])(
    "is none in %j",
    (body) => {
      expect(parseTaskPage(body)).toBeNull();
    },
  );

  it.each(["id", "status"])(
    "skips a task whose %s is broken Unicode, of which no event id can be made",
    (field) => {
      expect(one({ [field]: "\ud800" })).toMatchObject({ problem: `${field} is broken Unicode` });
    },
  );

  it("keeps its good tasks beside bad ones", () => {
    const page = parseTaskPage({ tasks: [null, 7, "x", [], record("a"), record("b", { id: null }), {}] });
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
        const page = parseTaskPage(body);
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
      expect(one({ updated_at: wrong })).toMatchObject({ updatedAtMs: null, createdAtMs: createdAtMs });
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
    const bare = { name: null, user_id: undefined, user_name: 7 };
    expect(one(bare)).toMatchObject({ name: "", user: { id: null, name: null } });
  });

  it.each([
    [{ id: undefined }, "id is missing"],
    [{ id: "" }, "id is missing"],
    [{ id: 7 }, "id is no text but of type number"],
    [{ id: "x".repeat(257) }, "id is longer than 256 characters"],
    [{ status: null }, "status is missing"],
    [{ status: ["SUCCESS"] }, "status is no text but a list"],
    [{ status: "x".repeat(65) }, "status is longer than 64 characters"],
    [{ name: "x".repeat(1_025) }, "name is longer than 1024 characters"],
    [{ name: 7 }, "name is no text but of type number"],
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
    expect(parseTaskPage(body)?.tasks).toEqual([]);
    expect(parseTaskPage(body)?.skipped).toMatchObject([{ id: null, problem: "id is missing" }]);
  });
});
