import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Benchmark, runBenchmark } from "./benchmark.ts";
import { coldBenchmark, unbundledBenchmark } from "./benchmarks/cold.ts";
import { commitBenchmark } from "./benchmarks/commit.ts";
import { backlogBenchmark, deliveryBenchmark } from "./benchmarks/delivery.ts";
import { burstReadBenchmark, firstReadBenchmark } from "./benchmarks/first-read.ts";
import { fleetBenchmark } from "./benchmarks/fleet.ts";
import { idleBenchmark, signedBenchmark } from "./benchmarks/idle.ts";
import { journalBenchmark } from "./benchmarks/journal.ts";
import { latencyBenchmark, wakeLatencyBenchmark } from "./benchmarks/latency.ts";
import { listingBenchmark } from "./benchmarks/listing.ts";
import type { BenchmarkSetup } from "./benchmarks/setup.ts";
import { bundle } from "./bundle.ts";
import { overviewPicture, overviewTable, palettes } from "./overview.ts";
import { figureJson, markdown, type Result } from "./report.ts";

// `npm run bench` measures and writes docs/benchmarks.md; with `-- --json` it only prints the figures.
// `--only NAME` selects benchmarks, by name or, for several, by how their names begin; `--quick` runs few rounds, as a smoke test.
const benchmarks: Readonly<Record<string, (setup: BenchmarkSetup) => Promise<Benchmark> | Benchmark>> = {
  latency: latencyBenchmark,
  "latency-wake": wakeLatencyBenchmark,
  cold: coldBenchmark,
  "cold-unbundled": unbundledBenchmark,
  idle: idleBenchmark,
  "idle-signed": signedBenchmark,
  listing: listingBenchmark,
  "commit-1": (setup) => commitBenchmark(setup, 1),
  "commit-1000": (setup) => commitBenchmark(setup, 1_000),
  "commit-100000": (setup) => commitBenchmark(setup, 100_000),
  journal: journalBenchmark,
  "delivery-0ms": (setup) => deliveryBenchmark(setup, 0, 50_000),
  "delivery-20ms": (setup) => deliveryBenchmark(setup, 20, 10_000),
  backlog: backlogBenchmark,
  "first-read-5000": (setup) => firstReadBenchmark(setup, 5_000),
  "first-read-20000": (setup) => firstReadBenchmark(setup, 20_000),
  "first-read-80000": (setup) => firstReadBenchmark(setup, 80_000),
  "first-read-80000-burst": burstReadBenchmark,
  fleet: fleetBenchmark,
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
const isMeant = (name: string, by: string): boolean =>
  Object.hasOwn(benchmarks, by) ? name === by : name.startsWith(`${by}-`);
const unknown = values.only.filter((by) => !Object.keys(benchmarks).some((name) => isMeant(name, by)));
if (unknown.length > 0) {
  process.stderr.write(
    `--only: expected ${Object.keys(benchmarks).join(", ")}, found ${unknown.join(", ")}\n`,
  );
  process.exit(2);
}
const chosen = Object.entries(benchmarks).filter(
  ([name]) => values.only.length === 0 || values.only.some((by) => isMeant(name, by)),
);

const note = (text: string): void => void process.stderr.write(`${text}\n`);
const folder = await mkdtemp(join(tmpdir(), "bench-"));
const closing: (() => Promise<unknown>)[] = [];
const held: Result[] = [];
try {
  const bundles = await bundle(folder);
  for (const [, setUp] of chosen) {
    const benchmark = await setUp({
      bundles,
      folder,
      isQuick: values.quick,
      note,
      onEnd: (close) => closing.push(close),
    });
    held.push({
      benchmark,
      figures: await runBenchmark(benchmark, note),
    });
  }
} finally {
  await Promise.all(closing.map((close) => close()));
  await rm(folder, { recursive: true });
}

const figures = held.flatMap((each) => each.figures);
if (values.json) process.stdout.write(`${JSON.stringify(figures.map(figureJson), null, 2)}\n`);
else if (chosen.length === Object.keys(benchmarks).length && !values.quick) await writePage();
else process.stdout.write(`${markdown(held)}\n`);

/** Writes the table and the figures between the page's markers, and the pictures beside it. */
async function writePage(): Promise<void> {
  const docs = fileURLToPath(new URL("../docs", import.meta.url));
  const page = await readFile(join(docs, "benchmarks.md"), "utf8");
  const written = Object.entries({ overview: overviewTable(figures), figures: markdown(held) }).reduce(
    (text, [mark, part]) =>
      text.replace(
        new RegExp(`<!-- ${mark} -->[^]*?<!-- end -->`),
        () => `<!-- ${mark} -->\n\n${part}\n\n<!-- end -->`,
      ),
    page,
  );
  await writeFile(join(docs, "benchmarks.md"), written);
  await writeFile(join(docs, "benchmarks.svg"), overviewPicture(figures, palettes.light));
  await writeFile(join(docs, "benchmarks-dark.svg"), overviewPicture(figures, palettes.dark));
  process.stdout.write("docs/benchmarks.md and its two pictures are written\n");
}
