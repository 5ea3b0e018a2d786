import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dcsDialect, dmsDialect, pageOf, parseSlice } from "../../lib/simulator/listing.ts";

const startMs = Date.parse("2024-08-07T12:00:00Z");
const records = fc
  .array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 40 })
  .map((offsets) => offsets.map((offsetMs, index) => ({ id: index, createdAtMs: startMs + offsetMs })));
const everything = { beginMs: null, endMs: null };

describe("a listing", () => {
  it("is whole and newest first when its pages, of any size, are joined", () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 100 }), (records, limit) => {
        const joined: (typeof records)[number][] = [];
        for (let index = 0; index <= records.length; index += limit) {
          const { total, page } = pageOf(records, { ...everything, index, limit });
          expect(total).toBe(records.length);
          expect(page.length).toBe(Math.min(limit, records.length - index));
          joined.push(...page);
        }
        expect(joined.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(records.map(({ id }) => id));
        const times = joined.map(({ createdAtMs }) => createdAtMs);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      }),
    );
  });

  it("holds the seconds at both ends of its window, whole, and nothing beyond", () => {
    const second = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(records, second, second, (records, begin, end) => {
        const beginMs = startMs + begin * 1_000;
        const endMs = startMs + end * 1_000;
        const { total, page } = pageOf(records, { beginMs, endMs, index: 0, limit: 100 });
        const inside = records.filter((it) => it.createdAtMs >= beginMs && it.createdAtMs < endMs + 1_000);
        expect(total).toBe(inside.length);
        expect(page.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(inside.map(({ id }) => id));
      }),
    );
  });

  it("gives the one added last first when two are of the same instant", () => {
    const same = ["a", "b"].map((id) => ({ id, createdAtMs: startMs }));
    const { page } = pageOf(same, { ...everything, index: 0, limit: 10 });
    expect(page.map(({ id }) => id)).toEqual(["b", "a"]);
  });
});

describe("the list call's parameters", () => {
  const parse = (text: string, dialect = dmsDialect) => parseSlice(new URLSearchParams(text), dialect);

  it("ask for the first ten records where they are left out", () => {
    expect(parse("")).toEqual({ index: 0, limit: 10, beginMs: null, endMs: null });
  });

  it("count start from 1 for DMS and offset from 0 for DCS, each deaf to the other's word", () => {
    expect(parse("start=11&offset=3&limit=5")).toMatchObject({ index: 10, limit: 5 });
    expect(parse("start=11&offset=3&limit=5", dcsDialect)).toMatchObject({ index: 3, limit: 5 });
  });

  it("hold times of 14 digits, in UTC", () => {
    const slice = parse("begin_time=20240807120000&end_time=20240807120001");
    expect(slice).toMatchObject({ beginMs: startMs, endMs: startMs + 1_000 });
    expect(parse("start_time=20240807120000", dcsDialect)).toMatchObject({ beginMs: startMs });
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=ten", "limit"],
    ["limit=", "limit"],
    ["start=0", "start"],
    ["start=-1", "start"],
    ["start=1.5", "start"],
    ["start=99999999999999999999", "start"],
    ["begin_time=2024-08-07", "begin_time"],
    ["begin_time=20240231000000", "begin_time"],
    ["begin_time=20240807250000", "begin_time"],
    ["end_time=", "end_time"],
  ])("are refused when wrong: %s", (text, wrong) => {
    expect(parse(text)).toEqual({ wrong });
  });

  it("are refused for DCS by its own names", () => {
    expect(parse("offset=-1", dcsDialect)).toEqual({ wrong: "offset" });
    expect(parse("start_time=now", dcsDialect)).toEqual({ wrong: "start_time" });
  });
});
