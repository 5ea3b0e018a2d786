import { parseArgs } from "node:util";
import { killRun } from "./kill-run.ts";
import { servers } from "./kill-servers.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    store: { type: "string", default: "file" },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { store } = values;
if (store !== "file" && store !== "postgres" && store !== "bucket")
  throw new TypeError(`--store: expected file, postgres or bucket, found ${store}`);
const served = store === "file" ? null : await servers[store]();
const startedMs = Date.now();
const report = await killRun({
  kills,
  seed,
  ...(served && { store: served.store }),
  onKill: (count) => {
    if (count % 20 === 0) say(`${count} of ${kills} kills`);
  },
}).finally(() => served?.stop());

say(
  `kill -9 during watch, its record in ${store}: ${kills} kills, seed ${seed}, ${Math.round((Date.now() - startedMs) / 1_000)} s`,
);
for (const [moment, count] of report.kills) say(`  ${String(count).padStart(6)} ${moment}`);
say(`  ${String(report.tasks).padStart(6)} tasks changed`);
say(`  ${String(report.seen).padStart(6)} changes were durable after some kill`);
say(
  `  ${String(report.accepted).padStart(6)} deliveries accepted, ${report.repeats} of them repeats, ${report.refused} refused`,
);
for (const finding of report.findings.slice(0, 20)) say(`  BROKEN ${finding}`);
say(
  report.findings.length === 0
    ? "No loss, no disorder, repeats only with the same id and bytes."
    : `${report.findings.length} promises broken.`,
);
process.exitCode = report.findings.length === 0 ? 0 : 1;
