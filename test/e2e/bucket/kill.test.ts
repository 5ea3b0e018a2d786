import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { bucketCheckpoints } from "../../../lib/stores/bucket/checkpoints.ts";
import { openBucket } from "../../../lib/stores/bucket/index.ts";
import { startVersitygw, type Versitygw } from "../../services/versitygw.ts";
import { killRun } from "../kill-run.ts";
import { changesIn } from "../kill-store.ts";

let server: Versitygw;
beforeAll(async () => {
  server = await startVersitygw();
});
afterAll(() => server.stop());

describe("watch with its record in a bucket, killed again and again", () => {
  it("loses nothing, keeps the order, and repeats only with the same id and bytes", {
    timeout: 120_000,
  }, async () => {
    const { environment } = server;
    const place = {
      provider: "s3",
      bucket: server.bucket,
      prefix: "bridge",
      endpoint: server.origin,
    } as const;
    const openStore = () =>
      bucketCheckpoints({
        bucket: openBucket(place, { environment, clock: systemClock, random: Math.random }),
        clock: systemClock,
        newId: randomUUID,
      });
    const report = await killRun({
      kills: 15,
      seed: 3,
      store: {
        checkpoint: { type: "bucket", ...place },
        environment,
        changes: (stream) => changesIn(openStore(), stream),
      },
    });
    expect(report.findings).toEqual([]);
    expect(report.kills.size).toBe(3);
    expect(report.seen).toBeGreaterThan(20);
    expect(report.accepted).toBeGreaterThan(report.seen / 2);
  });
});
