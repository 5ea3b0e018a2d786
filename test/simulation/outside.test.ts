import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { Met } from "./outside/faults.ts";
import { play } from "./outside/play.ts";
import { variants } from "./outside/variants.ts";

const seeds = Number(env["OUTSIDE_SEEDS"] ?? 40);
const folder = path.join(import.meta.dirname, "outside");
/** The files that open the bridge in a process; all others are the world and its judge. */
const harness = new Set(["bridge.ts", "host.ts", "play.ts", "runs.ts", "variants.ts"]);

describe("the whole bridge, judged from outside", () => {
  it(
    "keeps its promises in every history",
    async () => {
      const met = new Met();
      const broken: string[] = [];
      for (let seed = 1; seed <= seeds; seed += 1) {
        const outcome = await play(seed);
        met.add(outcome.met);
        if (outcome.violation) broken.push(`--outside --seed ${seed}: ${outcome.violation.message}`);
      }
      expect(broken).toEqual([]);
      expect([...met.counts.values()].filter((times) => times > 0).length).toBeGreaterThanOrEqual(45);
    },
    60_000 + seeds * 1_000,
  );

  it("plays a seed the same way each time", async () => {
    const first = await play(7);
    const other = await play(8);
    expect((await play(7)).hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
  });

  it.each(variants)(
    "catches a bridge that is broken on purpose: $name",
    async (variant) => {
      let caught: string | undefined;
      for (let seed = 1; seed <= 80 && caught === undefined; seed += 1) {
        caught = (await play(seed, { variant })).violation?.check;
      }
      expect(variant.caughtBy).toContain(caught);
    },
    180_000,
  );

  it("has a world and a judge that know nothing of the bridge", () => {
    const files = readdirSync(folder).filter((file) => !harness.has(file));
    const wrong = files.filter((file) =>
      /(?:from|import\() *"(?:[^"]*\/lib\/|\.\.\/(?!loop|shrink))/.test(
        readFileSync(path.join(folder, file), "utf8"),
      ),
    );
    expect(files).toContain("judge.ts");
    expect(wrong).toEqual([]);
  });
});
