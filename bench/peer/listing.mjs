// Lists all tasks of an instance with the official client.
import process from "node:process";
import { list } from "./handler.mjs";

const before = process.cpuUsage();
const startedMs = performance.now();
const tasks = await list();
const wallMs = performance.now() - startedMs;
const { user, system } = process.cpuUsage(before);
const peakMiB = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(
  `${JSON.stringify({ wallMs, cpuMs: (user + system) / 1_000, peakMiB, listed: tasks.length })}\n`,
  () => process.exit(),
);
