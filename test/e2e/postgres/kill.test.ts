import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killRun } from "../kill-run.ts";
import { type ServedStore, servers } from "../kill-servers.ts";

let served: ServedStore;
beforeAll(async () => {
  served = await servers.postgres();
});
afterAll(() => served.stop());

describe("watch with its record in PostgreSQL, killed again and again", () => {
  it("loses nothing, keeps the order, and repeats only with the same id and bytes", {
    timeout: 120_000,
  }, async () => {
    const report = await killRun({ kills: 15, seed: 2, store: served.store });
    expect(report.findings).toEqual([]);
    expect(report.kills.size).toBe(3);
    expect(report.seen).toBeGreaterThan(20);
    expect(report.accepted).toBeGreaterThan(report.seen / 2);
  });
});
