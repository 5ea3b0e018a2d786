import { describe, expect, it } from "vitest";
import type { StreamSummary } from "../../lib/run/summary.ts";
import type { Log } from "../../lib/telemetry/log.ts";
import { openHeartbeat } from "../../lib/wire/heartbeat.ts";
import { manualClock } from "../harness/clock.ts";
import { serve } from "../harness/http.ts";
import { untilEnd } from "../harness/servers.ts";
import { streamSummary, trouble } from "../status/sample.ts";

const minuteMs = 60_000;

async function setUp(status = 200) {
  const asked: string[] = [];
  const { origin } = await serve(({ method, path }) => {
    asked.push(`${method} ${path}`);
    return { status, body: "" };
  });
  const clock = manualClock(0);
  const lines: unknown[] = [];
  const log: Log = (level, message, fields) => void lines.push({ level, message, ...fields });
  const url = `${origin}/ping/secret-check`;
  const heartbeat = await untilEnd(openHeartbeat({ url, every: 5 * minuteMs }, { clock, log }));
  const ran = (...streams: readonly StreamSummary[]): Promise<void> => heartbeat.ran({ streams });
  return { asked, clock, lines, ran, origin };
}

const failed = streamSummary({ error: trouble("unavailable", "HTTP 503") });

describe("the heartbeat", () => {
  it("asks the switch after a run that read a stream, once in its time", async () => {
    const { asked, clock, ran } = await setUp();
    await ran(streamSummary(), failed);
    await ran(streamSummary());
    await clock.advance(5 * minuteMs);
    await ran(streamSummary());
    expect(asked).toEqual(["GET /ping/secret-check", "GET /ping/secret-check"]);
  });

  it("is silent after a run that read no stream, so that the switch raises the alarm", async () => {
    const { asked, ran } = await setUp();
    await ran(failed, failed);
    expect(asked).toEqual([]);
  });

  it("tells of a switch that refuses, without the secret in its path, and asks again after the next run", async () => {
    const { asked, lines, ran, origin } = await setUp(404);
    await ran(streamSummary());
    await ran(streamSummary());
    expect(asked).toHaveLength(2);
    expect(lines[0]).toEqual({
      level: "warn",
      message: "the heartbeat was not accepted",
      to: origin,
      problem: "HTTP 404",
    });
  });
});
