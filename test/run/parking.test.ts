import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { batchId, type ParkedStore } from "../../lib/checkpoint/parked.ts";
import { batchIds } from "../../lib/checkpoint/parking.ts";
import { largeRoomBytes } from "../../lib/checkpoint/room.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import { StoreError } from "../../lib/core/errors.ts";
import { taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { chat, key, ops } from "../checkpoint/sample.ts";
import { parkedDeliveries } from "../contract/parked-store.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { patience, streamHarness } from "../harness/stream.ts";

const minuteMs = 60_000;
const name = (index: number): string => `t${String(index).padStart(5, "0")}`;
const tasks = (count: number, status = "EXECUTING", updatedAtMs = createdMs) =>
  Array.from({ length: count }, (_, index) =>
    sampleTask({ id: taskId(name(index)), status, createdAtMs: createdMs, updatedAtMs }),
  );
const subjects = (sink: ScriptedSink) => sink.accepted.map(({ subject }) => subject);
const hangs = (_: unknown, signal: AbortSignal): Promise<DeliveryResult> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy)));

/** What is owed: in the record, beside it, and in batches that the store holds. */
async function debts({ record, parked }: Pick<ReturnType<typeof streamHarness>, "record" | "parked">) {
  const checkpoint = await record();
  return {
    outbox: checkpoint?.outbox.length,
    named: checkpoint && batchIds(checkpoint).length,
    stored: (await parked.list(key)).length,
  };
}
const nothing = { outbox: 0, named: 0, stored: 0 };

describe("a run of thousands of changes", () => {
  it("gives a healthy sink all of them while another takes a second for each", async () => {
    const healthy = scriptedSink(ops);
    const { begin, show, clock } = streamHarness([
      scriptedSink(chat, async (_, signal) => {
        await clock.sleep(1_000, signal);
        return signal.aborted ? busy : accepted;
      }),
      healthy,
    ]);
    show(...tasks(1_000));
    const running = begin();
    for (let count = 0; count < 500; count += 1) await turn();
    expect(healthy.accepted).toHaveLength(1_000);
    const outcome = await runUntilSettled(clock, running);
    expect(outcome.accepted.get(chat)).toBeGreaterThan(100);
  });

  it("gives a healthy sink all of them while another hangs, and the hanging one its own later, after a probe in order", async () => {
    const healthy = scriptedSink(ops);
    const hanging = scriptedSink(chat, hangs);
    const harness = streamHarness([hanging, healthy]);
    const { begin, show, clock, run } = harness;
    show(...tasks(3_000));
    const running = begin();
    for (let count = 0; count < 500; count += 1) await turn();
    expect(healthy.accepted).toHaveLength(3_000);
    await runUntilSettled(clock, running);
    hanging.answer = () => accepted;
    await clock.advance(10 * minuteMs);
    await run();
    const [probe, ...others] = subjects(hanging);
    const ids = tasks(3_000).map(({ id }) => id);
    expect(ids).toContain(probe);
    expect(others).toEqual(ids.filter((id) => id !== probe));
    expect(await debts(harness)).toEqual(nothing);
  });

  it("parks nothing for a sink that delivers as fast as changes are committed, and writes them in large commits", async () => {
    const sink = scriptedSink(ops, async () => {
      await turn();
      return accepted;
    });
    const staged = streamHarness([sink]);
    const parked: string[] = [];
    staged.show(...tasks(3_000, "SUCCESS").map((task) => ({ ...task, params: "some words ".repeat(100) })));
    await staged.begin({ parked: { ...staged.parked, put: async (_, id) => void parked.push(id) } });
    expect(subjects(sink)).toEqual(tasks(3_000).map(({ id }) => id));
    expect(parked).toEqual([]);
    expect(staged.commits.length).toBeLessThan(25);
  });

  it("commits what waits for the sinks when the run is stopped", async () => {
    const stop = new AbortController();
    const sink = scriptedSink(ops, async () => {
      if (sink.attempts.length > 1_000) stop.abort();
      await turn();
      return accepted;
    });
    const staged = streamHarness([sink]);
    staged.show(...tasks(3_000, "SUCCESS"));
    const { changes, error } = await staged.begin({}, stop.signal);
    expect([changes, error]).toEqual([3_000, null]);
    expect(sink.accepted.length).toBeLessThan(1_500);
  });

  it("commits open tasks first, which no later listing may show as they are", async () => {
    const sink = scriptedSink(ops, hangs);
    const staged = streamHarness([sink]);
    const open = sampleTask({ id: taskId("open"), createdAtMs: createdMs + 1, updatedAtMs: createdMs + 1 });
    staged.show(...tasks(3_000, "SUCCESS"), open);
    const running = staged.begin();
    for (let count = 0; count < 10; count += 1) await turn();
    const record = await staged.record();
    expect(record?.outbox[0]?.event.subject).toBe("open");
    expect(record?.watermarkMs).toBeLessThanOrEqual(createdMs);
    await runUntilSettled(staged.clock, running);
  });

  it("commits all of them within half of its time for a sink that delivers slowly", async () => {
    const staged = streamHarness([
      scriptedSink(ops, async (_, signal) => {
        await staged.clock.sleep(4, signal);
        return signal.aborted ? busy : accepted;
      }),
    ]);
    staged.show(...tasks(5_000, "SUCCESS"));
    const running = staged.begin({ timeBudgetMs: 6_000 });
    for (let step = 0; step < 3_000 / 4; step += 1) await staged.clock.advance(4);
    expect((await staged.record())?.nextSequence).toBeLessThan(4_000);
    await staged.clock.advance(1_000);
    for (let count = 0; count < 100; count += 1) await turn();
    expect((await staged.record())?.nextSequence).toBe(5_001);
    await runUntilSettled(staged.clock, running);
  });

  it("writes what it knows again so seldom that a first read within the lookback does not grow with the square", async () => {
    const { run, show, memory } = streamHarness([scriptedSink(ops)], {
      maxBacklog: 10_000,
      maxBytes: largeRoomBytes,
    });
    let written = 0;
    const checkpoints: CheckpointStore = {
      ...memory,
      commit: (stream, next, ...rest) => {
        written += next.known.size;
        return memory.commit(stream, next, ...rest);
      },
    };
    show(...tasks(20_000, "SUCCESS"));
    expect((await run({ checkpoints })).accepted.get(ops)).toBe(20_000);
    // With 256 changes a commit each task would be written forty times, and more often the more there are.
    expect(written / 20_000).toBeLessThan(35);
  });

  it("gives nothing up for a sink that is down, however many wait, and tells all in order once it is well", async () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = streamHarness([sink], { maxBacklog: 1_000 });
    const { run, show, clock, deadLetters, record } = harness;
    show(...tasks(3_000));
    const outcome = await run();
    expect([outcome.changes, outcome.deadLettered.size]).toEqual([3_000, 0]);
    await clock.advance(10 * minuteMs);
    show(...tasks(500, "SUCCESS", createdMs + 5_000));
    await run();
    expect((await record())?.outbox.length).toBeLessThanOrEqual(1_000);
    sink.answer = () => accepted;
    await clock.advance(10 * minuteMs);
    await run();
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    expect(sink.accepted).toHaveLength(3_500);
    for (let index = 0; index < 500; index += 1) {
      const told = sink.accepted.filter(({ subject }) => subject === name(index));
      expect(told.map(({ data }) => data.change.to)).toEqual(["EXECUTING", "SUCCESS"]);
    }
    expect(await debts(harness)).toEqual(nothing);
  });

  it("hands all that waits to the operator once its sink is no longer configured", async () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = streamHarness([sink], { maxBacklog: 10 });
    const { run, show, deadLetters, plan, parked } = harness;
    show(...tasks(700));
    await run();
    expect((await parked.list(key)).length).toBeGreaterThan(1);
    (plan.rules.policies as Map<unknown, unknown>).clear();
    (plan.rules.filters as Map<unknown, unknown>).clear();
    await run({ dispatchers: new Map() });
    const letters = await deadLetters.list({});
    expect(letters).toHaveLength(700);
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(["sink_removed"]));
    expect(await debts(harness)).toEqual(nothing);
  });

  it("gives up what is too old, wherever it waits, and nothing younger", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: 60 * minuteMs }]]);
    const harness = streamHarness([sink], { maxBacklog: 10, policies });
    const { run, show, clock, deadLetters } = harness;
    show(...tasks(300));
    await run();
    await clock.advance(50 * minuteMs);
    show(...tasks(5, "SUCCESS", createdMs + 5_000));
    await run();
    await clock.advance(20 * minuteMs);
    await run();
    const letters = await deadLetters.list({});
    expect(letters).toHaveLength(300);
    expect(new Set(letters.map(({ event }) => event.data.change.to))).toEqual(new Set(["EXECUTING"]));
    sink.answer = () => accepted;
    await clock.advance(10 * minuteMs);
    await run();
    expect(sink.accepted.map(({ data }) => data.change.to)).toEqual(new Array(5).fill("SUCCESS"));
  });
});

describe("a run beside whose record deliveries wait", () => {
  const crowded = async (...sinks: readonly ScriptedSink[]) => {
    const harness = streamHarness(sinks, { maxBacklog: 5 });
    harness.show(...tasks(40));
    await harness.run();
    await harness.clock.advance(10 * minuteMs);
    return harness;
  };

  it("tells of a batch that cannot be read, and serves the other sinks", async () => {
    const down = scriptedSink(chat, () => busy);
    const healthy = scriptedSink(ops);
    const harness = await crowded(down, healthy);
    const { parked, run, show } = harness;
    down.answer = () => accepted;
    show(...tasks(9, "SUCCESS", createdMs + 5_000));
    const bad = (await harness.record())?.parked.get(chat)?.map(({ id }) => id) ?? [];
    const broken: ParkedStore = {
      ...parked,
      get: (stream, id) =>
        bad.includes(id) ? Promise.reject(new StoreError("corrupt", "damaged")) : parked.get(stream, id),
    };
    const outcome = await run({ parked: broken });
    expect(outcome.error?.message).toBe("damaged");
    expect([healthy.accepted.length, down.accepted.length]).toEqual([49, 5]);
    await run();
    expect(down.accepted).toHaveLength(49);
    expect(await debts(harness)).toEqual(nothing);
  });

  it("tells how much is gone from the store, and goes on without it", async () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = await crowded(sink);
    await harness.parked.remove(key, await harness.parked.list(key));
    sink.answer = () => accepted;
    const outcome = await harness.run();
    expect(outcome.error).toMatchObject({
      code: "STORE_FAILED",
      message: "35 deliveries parked for ops are missing from the store",
    });
    expect((await harness.run()).error).toBeNull();
    expect(await debts(harness)).toEqual(nothing);
  });

  it("removes what crashed runs left over once nothing is parked any more", async () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = await crowded(sink);
    await harness.parked.put(key, batchId("crashed/1"), parkedDeliveries(1, 2));
    sink.answer = () => accepted;
    await harness.run();
    expect(await debts(harness)).toEqual(nothing);
  });

  it("never writes a batch a second time when its commit has lost the race", async () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = streamHarness([sink], { maxBacklog: 5 });
    await harness.run();
    harness.show(...tasks(40));
    const written: string[] = [];
    let races = 3;
    const parked: ParkedStore = {
      ...harness.parked,
      put: (stream, id, deliveries) => {
        written.push(id);
        return harness.parked.put(stream, id, deliveries);
      },
    };
    const checkpoints: CheckpointStore = {
      ...harness.checkpoints,
      commit: (...record) =>
        races-- > 0 ? Promise.resolve({ kind: "conflict" }) : harness.memory.commit(...record),
    };
    await harness.run({ parked, checkpoints });
    expect(written).toHaveLength(4);
    expect(new Set(written).size).toBe(4);
    expect(await harness.parked.list(key)).toEqual(written.slice(-1));
  });

  it("keeps its lease until nothing is in flight, however often it commits meanwhile", async () => {
    const slow = scriptedSink(chat, hangs);
    const harness = streamHarness([slow, scriptedSink(ops)], { maxBacklog: 5 });
    harness.show(...tasks(40));
    const running = harness.begin();
    for (let count = 0; count < 200; count += 1) await turn();
    const untilMs = (await harness.record())?.lease?.untilMs ?? 0;
    expect(untilMs).toBe(createdMs + 31_000);
    await harness.clock.advance(29_000);
    expect(harness.commits.length).toBeGreaterThan(3);
    expect((await harness.record())?.lease?.untilMs).toBe(untilMs);
    await runUntilSettled(harness.clock, running);
    expect((await harness.record())?.lease).toBeNull();
  });
});

/** Ports that die with their process: at the await of that number, counted before and after each effect. */
function mortal(dieAt: number) {
  let awaits = 0;
  const gate = (): Promise<void> => {
    awaits += 1;
    return awaits >= dieAt ? new Promise(() => {}) : Promise.resolve();
  };
  const port = <Port extends object>(target: Port): Port =>
    new Proxy(target, {
      get: (of, method) => {
        const member: unknown = Reflect.get(of, method);
        if (typeof member !== "function") return member;
        return async (...call: readonly unknown[]) => {
          await gate();
          const result: unknown = await member.apply(of, call);
          await gate();
          return result;
        };
      },
    });
  return { port, gate, isDead: () => awaits >= dieAt, awaits: () => awaits };
}

describe("a run that dies at any await while deliveries are parked, joined and brought back", () => {
  /** Two slices for a sink that is down, then more, and all of it sent: one of the runs dies. */
  async function history(dying: number, dieAt: number) {
    const sink = scriptedSink(ops, () => busy);
    const harness = streamHarness([sink, scriptedSink(chat)], { maxBacklog: 4 });
    const { run, begin, show, clock } = harness;
    const lives: number[] = [];
    const play = async (index: number): Promise<void> => {
      if (index !== dying) return void (await run());
      const life = mortal(dieAt);
      const answer = sink.answer;
      sink.answer = async (...call) => {
        await life.gate();
        return answer(...call);
      };
      const { checkpoints, parked, deadLetters } = harness;
      let over = false;
      const running = begin({
        checkpoints: life.port(checkpoints),
        parked: life.port(parked),
        deadLetters: life.port(deadLetters),
      }).then(() => {
        over = true;
      });
      while (!over && !life.isDead()) {
        for (let count = 0; count < 5; count += 1) await turn();
        if (!over && !life.isDead()) await clock.advance(100);
      }
      lives.push(life.awaits());
      sink.answer = answer;
      expect(running).toBeInstanceOf(Promise);
      await clock.advance(40_000);
    };
    show(...tasks(9));
    await play(0);
    show(...tasks(9, "SUCCESS", createdMs + 1_000));
    await clock.advance(10 * minuteMs);
    await play(1);
    sink.answer = () => accepted;
    await clock.advance(10 * minuteMs);
    await play(2);
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(10 * minuteMs);
      await run();
    }
    // What a dead run left over is found by the next one that has something to do.
    show(sampleTask({ id: taskId("last"), createdAtMs: createdMs }));
    await run();
    return { ...harness, sink, awaits: lives[0] ?? 0 };
  }

  it.each([0, 1, 2])("loses nothing, and keeps the order and the ids, in run %i", async (dying) => {
    const { awaits } = await history(dying, Number.POSITIVE_INFINITY);
    expect(awaits).toBeGreaterThan(dying === 2 ? 30 : 10);
    for (let dieAt = 1; dieAt <= awaits; dieAt += 1) {
      const harness = await history(dying, dieAt);
      for (const { id } of tasks(9)) {
        const told = harness.sink.accepted.filter(({ subject }) => subject === id);
        const statuses = [...new Set(told.map(({ data }) => data.change.to))];
        const expected = statuses.length === 1 ? ["SUCCESS"] : ["EXECUTING", "SUCCESS"];
        expect([dieAt, id, statuses]).toEqual([dieAt, id, expected]);
        expect(new Set(told.map((event) => event.id)).size).toBe(statuses.length);
      }
      expect([dieAt, await debts(harness)]).toEqual([dieAt, nothing]);
    }
  });
});
