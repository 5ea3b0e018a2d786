import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Benchmark, type Role, runBenchmark } from "../../bench/benchmark.ts";
import { overviewPicture, overviewTable, palettes } from "../../bench/overview.ts";
import { figureJson, markdown } from "../../bench/report.ts";
import { spreadOf } from "../../bench/statistics.ts";

const benchmark = (subjects: Benchmark["subjects"], rounds = 3): Benchmark => ({
  title: "Delivery",
  about: "Events to a webhook.",
  rounds,
  figures: [
    { name: "time", reading: "ms", unit: "ms", aim: { most: 1.5 }, peerAim: { most: 0.5 } },
    { name: "rate", reading: "perSecond", unit: "events/s", aim: { least: 0.9 } },
  ],
  subjects,
});
const steady = (ms: number) => async () => ({ ms, perSecond: 1_000 / ms });

describe("a benchmark", () => {
  it("lets each subject go first in turn and leaves the first round out", async () => {
    const order: Role[] = [];
    let floors = 0;
    const noting = (role: Role, ms: () => number) => async () => {
      order.push(role);
      return { ms: ms(), perSecond: 1 };
    };
    const [time] = await runBenchmark(
      benchmark(
        { floor: noting("floor", () => (floors++ === 0 ? 900 : 10)), ours: noting("ours", () => 12) },
        2,
      ),
      () => {},
    );
    expect(order).toEqual(["floor", "ours", "ours", "floor", "floor", "ours"]);
    expect(time?.floor).toEqual({ lower: 10, median: 10, upper: 10 });
  });

  it("gives medians and their ratios to floor and peer", async () => {
    const figures = await runBenchmark(
      benchmark({ floor: steady(10), ours: steady(12), peer: steady(48) }),
      () => {},
    );
    expect(figures.map(figureJson)).toEqual([
      {
        name: "time",
        unit: "ms",
        ours: 12,
        floor: 10,
        peer: 48,
        ratioToFloor: 1.2,
        ratioToPeer: 0.25,
        aims: { ours: null, ratioToFloor: { most: 1.5 }, ratioToPeer: { most: 0.5 } },
      },
      expect.objectContaining({ name: "rate", ratioToFloor: expect.closeTo(0.833, 3), ratioToPeer: 4 }),
    ]);
  });

  it("has no ratio to a peer that did not take part", async () => {
    const [time] = await runBenchmark(benchmark({ floor: steady(10), ours: steady(12) }), () => {});
    expect(time).toMatchObject({ peer: null, ratioToPeer: null });
  });
});

describe("the report", () => {
  it("says which aim was missed", async () => {
    const figures = await runBenchmark(
      benchmark({ floor: steady(10), ours: steady(12), peer: steady(20) }),
      () => {},
    );
    const page = markdown([{ benchmark: benchmark({}), figures }]);
    expect(page).toMatch(/\| ×1\.20, aim at most ×1\.5 +\| ×0\.60, aim at most ×0\.5: missed +\|/);
    expect(page).toContain("×0.83, aim at least ×0.9: missed");
  });
});

describe("the overview", () => {
  const figuresNamed = (name: string) =>
    runBenchmark(
      {
        ...benchmark({ floor: steady(10), ours: steady(12), peer: steady(48) }),
        figures: [{ name, reading: "ms", unit: "ms" }],
      },
      () => {},
    );

  it("answers each question with ours, one's own code and the other tool, as far as they were measured", async () => {
    const figures = [...(await figuresNamed("cold-start")), ...(await figuresNamed("first-read-80000"))];
    expect(overviewTable(figures)).toMatch(/starts and polls once +\| +12 ms \| +48 ms \| +– \|$/m);
    expect(overviewTable(figures)).toMatch(/80,000 tasks, each sent \| +12 s \| +– \| +48 s \|$/m);
  });

  it("draws a bar for each answer, the longest over the whole width", async () => {
    const drawn = overviewPicture(await figuresNamed("cold-start"), palettes.dark);
    expect(drawn.match(/<rect x="20" y="(?:7|9)\d"/g)).toHaveLength(2);
    expect(drawn).toContain('width="120.0"');
    expect(drawn).toContain('width="480.0"');
    expect(drawn).toContain(palettes.dark.ground);
  });
});

describe("the spread of a sample", () => {
  it("lies in order and within the sample", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (sample) => {
        const { lower, median, upper } = spreadOf(sample);
        expect(lower).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(upper);
        expect(lower).toBeGreaterThanOrEqual(Math.min(...sample));
        expect(upper).toBeLessThanOrEqual(Math.max(...sample));
      }),
    );
  });

  it("has the middle of an odd sample, and between the two of an even one", () => {
    expect(spreadOf([9, 1, 5]).median).toBe(5);
    expect(spreadOf([1, 2, 3, 10]).median).toBe(2.5);
  });
});
