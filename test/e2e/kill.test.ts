import { describe, expect, it } from "vitest";
import { sampleEvent } from "../checkpoint/sample.ts";
import { killRun } from "./kill-run.ts";
import { type Acceptance, changeName, findings } from "./kill-verdict.ts";

describe("watch, killed again and again", () => {
  it("loses nothing, keeps the order, and repeats only with the same id and bytes", {
    timeout: 120_000,
  }, async () => {
    const report = await killRun({ kills: 15, seed: 1 });
    expect(report.findings).toEqual([]);
    expect(report.kills.size).toBe(3);
    expect(report.seen).toBeGreaterThan(20);
    expect(report.accepted).toBeGreaterThan(report.seen / 2);
  });
});

describe("the verdict on a run of kills", () => {
  const acceptance = (status: string, updatedAtMs: number, body = status): Acceptance => ({
    event: sampleEvent("t1", status, updatedAtMs),
    body,
  });
  const created = acceptance("CREATED", 1);
  const executing = acceptance("EXECUTING", 2);
  const ended = acceptance("SUCCESS", 3);
  const given = new Map([["t1", ["CREATED", "EXECUTING", "SUCCESS"]]]);
  const judge = (...accepted: readonly Acceptance[]) =>
    findings({ accepted, given, seen: [changeName("t1", "EXECUTING")] });

  it("is clean for every change once and in order, for one that no poll saw, and for equal repeats", () => {
    expect(judge(created, executing, ended)).toEqual([]);
    expect(judge(executing, ended)).toEqual([]);
    expect(judge(created, executing, created, ended, executing)).toEqual([]);
  });

  it.each([
    ["a change that a poll saw", [created, ended], "seen by a poll and lost: t1 EXECUTING"],
    ["a last status", [created, executing], "the last status never arrived: t1 SUCCESS"],
  ])("tells of the loss of %s", (_, accepted, finding) => {
    expect(judge(...accepted)).toEqual([finding]);
  });

  it("tells of disorder, of a status never given, of another id and of other bytes", () => {
    expect(judge(executing, created, ended)).toEqual(["out of order, or never given: t1"]);
    expect(judge(executing, ended, acceptance("FAILED", 4))).toEqual(["out of order, or never given: t1"]);
    expect(judge(executing, ended, acceptance("SUCCESS", 4))).toContain("told under two ids: t1 SUCCESS");
    expect(judge(executing, ended, { ...executing, body: "changed" })).toEqual([
      `repeated with other bytes: ${executing.event.id}`,
    ]);
  });
});
