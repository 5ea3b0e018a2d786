import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { type Contest, hold } from "./contest.ts";
import { coldContest, unbundledContest } from "./contests/cold.ts";
import { commitContest } from "./contests/commit.ts";
import { backlogContest, deliveryContest } from "./contests/delivery.ts";
import { fleetContest } from "./contests/fleet.ts";
import { idleContest, signedContest } from "./contests/idle.ts";
import { listingContest } from "./contests/listing.ts";
import type { Stage } from "./contests/stage.ts";
import { figureJson, type Held, markdown, picture } from "./report.ts";

// `npm run bench` measures and writes docs/benchmarks.md; with `-- --json` it only prints the figures.
// `--only NAME` takes some contests, `--quick` few rounds: to see that all works.
const contests: Readonly<Record<string, (stage: Stage) => Promise<Contest> | Contest>> = {
  cold: coldContest,
  "cold-unbundled": unbundledContest,
  idle: idleContest,
  "idle-signed": signedContest,
  listing: listingContest,
  "commit-1": (stage) => commitContest(stage, 1),
  "commit-1000": (stage) => commitContest(stage, 1_000),
  "commit-100000": (stage) => commitContest(stage, 100_000),
  "delivery-0ms": (stage) => deliveryContest(stage, 0, 50_000),
  "delivery-20ms": (stage) => deliveryContest(stage, 20, 10_000),
  backlog: backlogContest,
  fleet: fleetContest,
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
const unknown = values.only.filter((name) => !Object.hasOwn(contests, name));
if (unknown.length > 0) {
  process.stderr.write(`--only: expected ${Object.keys(contests).join(", ")}, found ${unknown.join(", ")}\n`);
  process.exit(2);
}
const chosen = Object.entries(contests).filter(
  ([name]) => values.only.length === 0 || values.only.includes(name),
);

const folder = await mkdtemp(join(tmpdir(), "bench-"));
const closing: (() => Promise<unknown>)[] = [];
const held: Held[] = [];
try {
  const bundles = await bundle(folder);
  for (const [, setUp] of chosen) {
    const contest = await setUp({
      bundles,
      folder,
      isQuick: values.quick,
      onEnd: (close) => closing.push(close),
    });
    held.push({
      contest,
      figures: await hold(contest, (text) => process.stderr.write(`${text}\n`)),
    });
  }
} finally {
  await Promise.all(closing.map((close) => close()));
  await rm(folder, { recursive: true });
}

const figures = held.flatMap((each) => each.figures.map(figureJson));
if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
else if (chosen.length === Object.keys(contests).length && !values.quick) await writePage();
else process.stdout.write(`${markdown(held)}\n`);

/** Puts the figures between the page's markers, and draws the picture beside it. */
async function writePage(): Promise<void> {
  const docs = fileURLToPath(new URL("../docs", import.meta.url));
  const page = await readFile(join(docs, "benchmarks.md"), "utf8");
  const figuresOfNow = `<!-- figures -->\n\n${markdown(held)}\n\n<!-- end -->`;
  await writeFile(
    join(docs, "benchmarks.md"),
    page.replace(/<!-- figures -->[\s\S]*?<!-- end -->/, () => figuresOfNow),
  );
  await writeFile(join(docs, "benchmarks.svg"), picture(held));
  process.stdout.write("docs/benchmarks.md and docs/benchmarks.svg are written\n");
}
