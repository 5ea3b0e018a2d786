import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Postgres, startPostgres } from "../../services/postgres.ts";
import { buildArtifact, functionHarness, summaryOf } from "../container.ts";

const artifact = mkdtempSync(join(tmpdir(), "bridge-fg-artifact-"));
let server: Postgres;
beforeAll(async () => {
  buildArtifact(artifact);
  server = await startPostgres();
});
afterAll(async () => {
  rmSync(artifact, { recursive: true, force: true });
  await server.stop();
});

describe("the function for FunctionGraph with its record in PostgreSQL", () => {
  it("delivers on a cold start, asks the server nothing when idle, and goes on after a failover", async () => {
    const harness = await functionHarness(artifact, { type: "postgres", url: server.url() });
    harness.task("restart");
    const container = await harness.start();
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    await server.kill();
    expect(summaryOf(await container.invoke()).streams).toMatchObject([{ changes: 0, error: null }]);
    harness.task("resize");
    expect(await container.invoke()).toMatchObject({
      errorMessage: expect.stringMatching(/postgres .*ECONNREFUSED/),
    });
    await server.restart();
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(harness.receiver.events().map(({ data }) => data.task.name)).toEqual(["restart", "resize"]);
  });
});
