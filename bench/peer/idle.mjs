// Warm runs without changes, of the handler on the official clients.
import process from "node:process";
import { handler } from "./handler.mjs";

const warmUps = 100;
const runs = Number(process.env["RUNS"]);
for (let count = 0; count < warmUps; count++) await handler();
const before = process.cpuUsage();
for (let count = 0; count < runs; count++) await handler();
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1_000 })}\n`, () => process.exit());
