import { describe, expect, it, onTestFinished } from "vitest";
import { openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import { parseShard } from "../../lib/fleet/shard.ts";
import { functionDeps } from "../../lib/serverless/environment.ts";
import { warmPlanning } from "../../lib/serverless/planning.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { accessKey } from "../aws/sample.ts";
import { folderWith, written } from "../config/sample.ts";
import { instancesOf, sourceAt, startApi } from "../harness/api.ts";
import { manualClock } from "../harness/clock.ts";
import { serve } from "../harness/http.ts";

const minuteMs = 60_000;
const { signal } = new AbortController();

async function opened(items: readonly object[] = [], fleet: object = {}) {
  const clock = manualClock(Date.now());
  const simulator = await startApi({ clock, instances: instancesOf("a", "b", "c") });
  // DynamoDB knows of no activity but this, and SQS takes everything.
  const aws = await serve({ body: { Items: items } });
  const source = sourceAt(simulator, { credentials: demoKey });
  const config = written({ sources: [source], checkpoint: { type: "dynamodb", table: "t" }, fleet });
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(config) });
  const environment = {
    ...accessKey,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: aws.origin,
    BRIDGE_POLL_QUEUE: "https://sqs.eu-west-1.amazonaws.com/123456789012/polls",
  };
  const patient = { now: () => clock.now(), sleep: async () => {} };
  const warm = warmPlanning({ ...functionDeps(environment, folder, () => {}), clock: patient });
  onTestFinished(async () => {
    await (await warm.current()).close();
  });
  const plan = async () => (await warm.current()).plan(clock.now(), signal);
  const dueIn = async (minutes: number): Promise<number> => {
    let due = 0;
    for (let minute = 0; minute < minutes; minute++) {
      await clock.advance(minuteMs);
      due += (await plan()).plan.due;
    }
    return due;
  };
  /** The streams of all messages to the queue of polls. */
  const sent = () =>
    aws.seen
      .flatMap(({ body }): readonly { MessageBody?: string }[] => JSON.parse(body).Entries ?? [])
      .flatMap(({ MessageBody = "" }) => parseShard(MessageBody) ?? []);
  return { clock, simulator, plan, dueIn, sent };
}

describe("a fleet's planning", () => {
  it("sends each instance once in five minutes, and lists the instances once in them", async () => {
    const { simulator, plan, dueIn } = await opened();
    await plan();
    expect(await dueIn(5)).toBe(3);
    expect(simulator.requestCount()).toBe(2);
  });

  it("goes on with the instances it knows while they cannot be listed, and names the source", async () => {
    const { simulator, plan, dueIn } = await opened();
    await plan();
    simulator.faults.on("error-503");
    expect(await dueIn(10)).toBe(6);
    const { watched, failedSources } = await plan();
    expect(watched).toBe(3);
    expect(failedSources.map(({ key }) => key)).toEqual(["rabbitmq/cn-north-4/p1/*"]);
  });

  it("sends each minute what a deleted instance and a removed source still owe", async () => {
    const owes = (key: string) => ({ pk: { S: key }, activeMs: { N: String(owingMs) } });
    const { plan } = await opened([
      owes("rabbitmq/cn-north-4/p1/deleted"),
      owes("kafka/cn-north-4/p1/removed"),
      { pk: { S: "kafka/cn-north-4/p1/open" }, activeMs: { N: String(openMs) } },
    ]);
    expect((await plan()).plan.busy).toBe(2);
    expect((await plan()).plan.busy).toBe(2);
  });

  it("plans for a new instance within five minutes and one plan, whatever maxIdle, with when it was missed", async () => {
    const { sent, clock, simulator, plan, dueIn } = await opened([], { maxIdle: "1h" });
    const listedMs = clock.now();
    await plan();
    simulator.world.addInstance({ id: "d", engine: "rabbitmq", name: "d", projectId: "p1" });
    await dueIn(6);
    const mine = sent().filter(({ stream }) => stream.instanceId === "d");
    expect(mine[0]).toMatchObject({ name: "d", sinceMs: listedMs });
    expect(mine.length).toBeLessThanOrEqual(2);
  });

  it("plans what has a record while its source was never listed, and what has none once it is", async () => {
    const recorded = ["a", "b"].map((id) => ({
      pk: { S: `rabbitmq/cn-north-4/p1/${id}` },
      activeMs: { N: "1" },
    }));
    const { sent, simulator, plan, dueIn } = await opened(recorded, { maxIdle: "1h" });
    simulator.faults.on("error-503");
    expect((await plan()).plan.due).toBe(2);
    simulator.faults.off("error-503");
    await dueIn(2);
    expect(sent().map(({ stream }) => stream.instanceId)).toContain("c");
  });
});
