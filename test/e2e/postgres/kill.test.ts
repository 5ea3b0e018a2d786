import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { postgresUrl } from "../../../lib/options/postgres-url.ts";
import { postgresCheckpoints } from "../../../lib/stores/postgres/checkpoints.ts";
import { openDatabase } from "../../../lib/stores/postgres/database.ts";
import { type Postgres, startPostgres } from "../../services/postgres.ts";
import { killRun } from "../kill-run.ts";
import { changesIn } from "../kill-store.ts";

const schema = "bridge";
let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const openStore = () =>
  postgresCheckpoints(
    openDatabase(
      { url: v.parse(postgresUrl, server.url()), schema },
      { clock: systemClock, random: Math.random },
    ),
    { clock: systemClock, newId: randomUUID },
  );

describe("watch with its record in PostgreSQL, killed again and again", () => {
  it("loses nothing, keeps the order, and repeats only with the same id and bytes", {
    timeout: 120_000,
  }, async () => {
    const report = await killRun({
      kills: 15,
      seed: 2,
      store: {
        checkpoint: { type: "postgres", url: server.url(), schema },
        changes: (stream) => changesIn(openStore(), stream),
      },
    });
    expect(report.findings).toEqual([]);
    expect(report.kills.size).toBe(3);
    expect(report.seen).toBeGreaterThan(20);
    expect(report.accepted).toBeGreaterThan(report.seen / 2);
  });
});
