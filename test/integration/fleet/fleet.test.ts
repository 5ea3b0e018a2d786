import type { SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { smallRoomBytes } from "../../../lib/checkpoint/room.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { eventId, sinkName, streamKey } from "../../../lib/core/names.ts";
import { deadLetterOf } from "../../../lib/delivery/dead-letters.ts";
import { redrive } from "../../../lib/delivery/redrive.ts";
import { eventIn } from "../../../lib/fleet/inbox.ts";
import { parseShard } from "../../../lib/fleet/shard.ts";
import { isTimer } from "../../../lib/serverless/timer.ts";
import { dynamodbStores } from "../../../lib/stores/dynamodb/index.ts";
import { environment } from "../../harness/dynamodb.ts";
import { eventBridgeEvent, hostileEvents, snsEvent } from "../../serverless/wake-events.ts";
import { contextOf } from "./event-source.ts";
import { type FleetHarness, fleetHarness, instanceId } from "./functions.ts";

const ended = { status: "SUCCESS", afterMs: 0 } as const;
const running = { status: "EXECUTING", afterMs: 0 } as const;
const startTask = (
  { simulator }: FleetHarness,
  number: number,
  ...steps: readonly { status: string; afterMs: number }[]
) => simulator.world.start({ instance: instanceId(number), name: "restart", steps });
const told = ({ receiver }: FleetHarness) =>
  receiver.events().map(({ type, subject }) => `${subject} ${type.split(".").at(-1)}`);
const minutes = async (harness: FleetHarness, from: number, to: number) => {
  for (let minute = from; minute <= to; minute++) await harness.plan(minute);
};
const planned = (harness: FleetHarness) =>
  harness.bodies("polls").flatMap((body) => (parseShard(body) ?? []).map(({ stream }) => stream.instanceId));

describe("a fleet", () => {
  it("brings each instance's changes from the plan through the queue and the topic to the sink, once", async () => {
    const harness = await fleetHarness({ instances: 12 });
    const subjects = Array.from({ length: 12 }, (_, index) => startTask(harness, index + 1, ended));
    await harness.plan(1);
    expect(planned(harness).toSorted()).toEqual(subjects.map((_, index) => instanceId(index + 1)));
    expect(await pollAll(harness)).toBe(0);
    expect(await harness.tasks.drain(await harness.deliverer())).toBe(0);
    expect(told(harness).toSorted()).toEqual(subjects.map((subject) => `${subject} succeeded`).toSorted());
    const [event] = harness.receiver.events();
    expect(event?.data.instance.name).toMatch(/^i\d+$/);
    const wrapped = harness.bodies("wrapped.fifo");
    expect(wrapped.every((body) => body.includes('"Type":"Notification"'))).toBe(true);
    expect(wrapped.map((body) => eventIn(body)?.subject).toSorted()).toEqual(subjects.toSorted());
  });

  it("polls an instance with an open task in every plan, and lets it go when the task has ended", async () => {
    const harness = await fleetHarness({ instances: 8, fleet: { maxIdle: "10m" } });
    const poller = await harness.poller();
    const subject = startTask(harness, 3, running);
    await minutes(harness, 1, 10);
    await harness.polls.drain(poller);
    const plan = await harness.plan(11);
    expect(plan).toMatchObject({ Watched: 8, Busy: 1 });
    expect(planned(harness)).toContain(instanceId(3));
    harness.simulator.world.setStatus(subject, "FAILED");
    await harness.polls.drain(poller);
    expect(await harness.plan(12)).toMatchObject({ Busy: 0 });
    await harness.tasks.drain(await harness.deliverer());
    expect(told(harness)).toEqual([`${subject} executing`, `${subject} failed`]);
  });

  it.each([
    ["an SNS notification", snsEvent(JSON.stringify({ id: instanceId(7) }))],
    ["an event of EventBridge", eventBridgeEvent(instanceId(7))],
  ])(
    "polls an instance at once when %s names it at the planner, and once for 200 of them",
    async (_, event) => {
      const harness = await fleetHarness({ instances: 12, fleet: { maxIdle: "1h" } });
      const poller = await harness.poller();
      await harness.plan(1);
      await harness.polls.drain(poller);
      const subject = startTask(harness, 7, running);
      expect(await harness.wake(event)).toMatchObject({ Watched: 12, Due: 1, Messages: 1 });
      for (let repeat = 1; repeat < 200; repeat++)
        expect(await harness.wake(event)).toMatchObject({ Due: 0, Messages: 0 });
      // Nothing is delayed: the queue hands it out at once.
      expect(planned(harness)).toEqual([instanceId(7)]);
      await harness.polls.drain(poller);
      await harness.tasks.drain(await harness.deliverer());
      expect(told(harness)).toEqual([`${subject} executing`]);
    },
  );

  it("polls all instances at once, once a minute, for wakes that name none", async () => {
    const harness = await fleetHarness({ instances: 3, fleet: { maxIdle: "1h" } });
    await harness.plan(1);
    await harness.polls.drain(await harness.poller());
    for (const [, event] of hostileEvents) if (!isTimer(event)) await harness.wake(event);
    expect(planned(harness).toSorted()).toEqual([1, 2, 3].map(instanceId));
  });

  it.each(["shard", "deliver"] as const)(
    "refuses the event of another trigger at %s in one clear line",
    async (name) => {
      const harness = await fleetHarness();
      const handler = await (name === "shard" ? harness.poller() : harness.deliverer());
      for (const event of [snsEvent("{}"), eventBridgeEvent("i"), {}, null, "text", []])
        await expect(handler(event as SQSEvent, contextOf(name))).rejects.toThrow(
          /^expected messages of a queue .*; a wake goes to the function plan$/,
        );
    },
  );

  it("tells nothing twice when a shard comes twice, or two containers poll it at once", async () => {
    const harness = await fleetHarness({ instances: 3 });
    for (const number of [1, 2, 3]) startTask(harness, number, ended);
    await minutes(harness, 1, 5);
    for (const body of harness.bodies("polls")) await harness.post(body);
    const pollers = [await harness.poller(), await harness.poller()];
    await Promise.all(pollers.map((poller) => harness.polls.drain(poller, 3)));
    await harness.tasks.drain(await harness.deliverer());
    expect(new Set(told(harness)).size).toBe(3);
    expect(harness.receiver.events()).toHaveLength(3);
  });

  it("gives a poll that is no shard to the dead letters after three receives, and polls the rest", async () => {
    const harness = await fleetHarness();
    const subject = startTask(harness, 1, ended);
    await harness.post("poison");
    await minutes(harness, 1, 5);
    const poller = await harness.poller();
    expect(await harness.polls.drain(poller)).toBe(3);
    expect(harness.bodies("polls-dead")).toEqual(["poison"]);
    await harness.tasks.drain(await harness.deliverer());
    expect(told(harness)).toEqual([`${subject} succeeded`]);
  });

  it("keeps a poll in its queue while the table does not answer", async () => {
    const harness = await fleetHarness();
    const subject = startTask(harness, 1, ended);
    await harness.plan(1);
    const poller = await harness.poller();
    for (let count = 0; count < 4; count++)
      harness.engine.faults.push({ operation: "GetItem", fault: "throttle" });
    expect(await harness.polls.once(poller)).toEqual({ received: 1, failed: 1 });
    expect(await harness.polls.once(poller)).toEqual({ received: 1, failed: 0 });
    await harness.tasks.drain(await harness.deliverer());
    expect(told(harness)).toEqual([`${subject} succeeded`]);
  });

  it("publishes at the next plan what was redriven, though a warm container holds the record", async () => {
    const harness = await fleetHarness();
    const subject = startTask(harness, 1, ended);
    await harness.plan(1);
    const poller = await harness.poller();
    await harness.polls.drain(poller);
    const deliverer = await harness.deliverer();
    await harness.tasks.drain(deliverer);
    const [told] = harness.receiver.events();
    const { deadLetters, checkpoints } = dynamodbStores(
      { table: "checkpoints", endpoint: harness.engine.origin },
      { environment, clock: systemClock, random: Math.random },
    );
    const bus = sinkName("bus");
    const event = { ...(told as CloudEvent), id: eventId(`${told?.id}/again`) };
    const entry = { sequence: 1, event, committedAtMs: 0, pending: new Map() };
    const given = { reason: "rejected", detail: "HTTP 400", attempts: 1, nowMs: 0 } as const;
    await deadLetters.put([deadLetterOf(streamKey(event.data.instance), bus, entry, given)]);
    await redrive(
      {
        checkpoints,
        deadLetters,
        sinks: new Set([bus]),
        maxBacklog: 10,
        maxBytes: smallRoomBytes,
        clock: systemClock,
      },
      {},
    );
    await harness.plan(2);
    await harness.polls.drain(poller);
    await harness.tasks.drain(deliverer);
    expect(harness.receiver.events().map(({ id }) => id)).toEqual([told?.id, event.id]);
    expect(told?.subject).toBe(subject);
    await Promise.all([checkpoints.close(), deadLetters.close()]);
  });

  it("lets the queue repeat what a sink did not take, in the order of each task", async () => {
    const harness = await fleetHarness({ respond: (number) => (number % 2 === 1 ? { status: 503 } : {}) });
    const poller = await harness.poller();
    const subjects = [startTask(harness, 1, running), startTask(harness, 1, running)];
    await minutes(harness, 1, 5);
    await harness.polls.drain(poller);
    for (const subject of subjects) harness.simulator.world.setStatus(subject, "SUCCESS");
    await harness.plan(6);
    await harness.polls.drain(poller);
    expect(await harness.tasks.drain(await harness.deliverer())).toBeGreaterThan(0);
    const accepted = harness.receiver.deliveries.filter(({ number }) => number % 2 === 0);
    for (const subject of subjects) {
      const types = accepted.flatMap(({ events }) => events).filter((event) => event.subject === subject);
      expect(types.map(({ type }) => type.split(".").at(-1))).toEqual(["executing", "succeeded"]);
    }
    expect(harness.bodies("ops.fifo")).toEqual([]);
  });

  it("gives what a sink refuses for good to the queue's dead letters with the reason, and ends its message", async () => {
    const harness = await fleetHarness({ respond: (number) => (number === 1 ? { status: 400 } : {}) });
    const subject = startTask(harness, 1, ended);
    await minutes(harness, 1, 5);
    await harness.polls.drain(await harness.poller());
    expect(await harness.tasks.drain(await harness.deliverer())).toBe(0);
    const [letter] = harness.sqs.inspectQueue("ops-dead.fifo")?.messages.ready ?? [];
    expect(JSON.parse(letter?.body ?? "")).toMatchObject({ subject });
    expect(letter?.messageAttributes["reason"]).toMatchObject({ StringValue: "rejected" });
    expect(harness.bodies("ops.fifo")).toEqual([]);
  });
});

const pollAll = async (harness: FleetHarness): Promise<number> => harness.polls.drain(await harness.poller());
