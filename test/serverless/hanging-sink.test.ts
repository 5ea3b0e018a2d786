import process from "node:process";
import type { Context } from "aws-lambda";
import { expect, it, onTestFinished, vi } from "vitest";
import { demoKey } from "../../lib/simulator/auth.ts";
import { folderWith } from "../config/sample.ts";
import { atOnce, instance, receiving, sourceAt, startApi, webhookTo } from "../harness/api.ts";

/** The reserve of a function, and what it leaves to a run. */
const leftMs = 6_000 + 1_600;

it("the poll function calls a sink that hangs until its time ends failing, keeps its event, and delivers it later", async () => {
  const simulator = await startApi();
  let hang = true;
  const receiver = await receiving({ respond: () => ({ hang }) });
  simulator.world.start({ instance: instance.id, name: "createTopic", steps: atOnce("SUCCESS") });
  const folder = await folderWith({
    "bridge.config.json": JSON.stringify({
      polling: { follow: "off" },
      sources: [sourceAt(simulator, { credentials: demoKey })],
      checkpoint: { type: "memory" },
      sinks: { ops: webhookTo(receiver.url) },
    }),
  });
  vi.stubEnv("BRIDGE_CONFIG", `${folder}/bridge.config.json`);
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const { handler } = await import("../../functions/poll.ts");
  const context = { functionName: "poll", getRemainingTimeInMillis: () => leftMs } as Context;
  const poll = () => handler({ source: "aws.events", "detail-type": "Scheduled Event" }, context);

  expect((await poll()).sinks["ops"]).toMatchObject({
    state: "failing",
    reason: "timeout",
    message: expect.stringContaining("no answer before the run's time ended"),
    pending: 1,
    deadLettered: 0,
  });
  expect(written.mock.calls.join("\n")).toContain('"a sink fails"');
  hang = false;
  expect((await poll()).sinks["ops"]).toMatchObject({ state: "healthy", accepted: 1, pending: 0 });
  const [first, ...others] = receiver.events().map(({ id }) => id);
  expect(others).toEqual([first]);
});
