import { describe, expect, it, onTestFinished } from "vitest";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { Sink, SinkDeps } from "../../lib/sinks/sink.ts";
import { running, sampleDeps, sampleEvents } from "../sinks/sample.ts";

/** A sink and what it sends to. */
export interface Trial {
  readonly sink: Sink;
  /** Ids of the events that arrived, in order. */
  arrived(): Promise<readonly string[]> | readonly string[];
}

export interface Setup {
  /** A sink whose deliveries pass. */
  working(deps: SinkDeps): Promise<Trial>;
  /** Sinks each of whose deliveries meets the fault that the key names. */
  readonly failing: Readonly<Record<string, (deps: SinkDeps) => Promise<Trial>>>;
  /** Texts that no result and no log line may hold. */
  readonly secrets: readonly string[];
}

/** What every sink must do. */
export function sinkContract(name: string, setup: Setup): void {
  describe(`the sink ${name}`, () => {
    it("answers for each event and lets each arrive once", async () => {
      const { sink, arrived } = await opened(setup.working);
      const events = eventsFor(sink);
      expect(await sink.deliver(events, running())).toMatchObject(events.map(() => ({ kind: "accepted" })));
      expect(await arrived()).toEqual(events.map(({ id }) => id));
    });

    it("has nothing to say of no events", async () => {
      const { sink } = await opened(setup.working);
      expect(await sink.deliver([], running())).toEqual([]);
    });

    it("sends what it is given one after another in that order", async () => {
      const { sink, arrived } = await opened(setup.working);
      const events = eventsFor(sink, 3);
      for (const event of events)
        expect(await sink.deliver([event], running())).toMatchObject([{ kind: "accepted" }]);
      expect(await arrived()).toEqual(events.map(({ id }) => id));
    });

    it("keeps the id of an event that it is given twice, so that a reader can drop the repeat", async () => {
      const { sink, arrived } = await opened(setup.working);
      const events = eventsFor(sink, 1);
      for (const _ of ["first", "again"])
        expect(await sink.deliver(events, running())).toMatchObject([{ kind: "accepted" }]);
      const ids = await arrived();
      expect(new Set(ids)).toEqual(new Set(events.map(({ id }) => id)));
      expect(ids.length).toBeLessThanOrEqual(2);
    });

    it("loses nothing when it is closed during a delivery", async () => {
      const { sink, arrived } = await opened(setup.working);
      const events = eventsFor(sink);
      const delivery = sink.deliver(events, running());
      await sink.close();
      const arrivedByThen = await arrived();
      const results = await delivery;
      const accepted = events.filter((_, index) => results[index]?.kind === "accepted");
      expect(arrivedByThen).toEqual(accepted.map(({ id }) => id));
      expect(accepted).toHaveLength(events.length);
    });

    it("can be closed twice", async () => {
      const { sink } = await opened(setup.working);
      await sink.close();
      await expect(sink.close()).resolves.toBeUndefined();
    });

    it("answers with a result when the run has already ended", async () => {
      const { sink } = await opened(setup.working);
      const events = eventsFor(sink);
      const results = await sink.deliver(events, { signal: AbortSignal.abort() });
      expect(results).toHaveLength(events.length);
      for (const result of results) expect(outcome(result)).toMatch(/^(accepted|retry timeout)$/);
    });

    it.each(Object.entries(setup.failing))(
      "answers for each event, without secrets, on %s",
      async (_, make) => {
        const logged: string[] = [];
        const log: SinkDeps["log"] = (...line) => logged.push(JSON.stringify(line));
        const { sink } = await opened(make, { ...sampleDeps, log });
        const events = eventsFor(sink);
        const results = await sink.deliver(events, running());
        expect(results).toHaveLength(events.length);
        for (const result of results) {
          if (result.kind === "accepted") throw new Error("a failed delivery was accepted");
          expect(result.detail).toMatch(/^[^\p{Cc}]{1,320}$/u);
        }
        for (const secret of setup.secrets) expect(JSON.stringify([results, logged])).not.toContain(secret);
      },
    );
  });
}

const outcome = (result: DeliveryResult): string =>
  result.kind === "accepted" ? result.kind : `${result.kind} ${result.reason}`;

/** As many as one delivery may hold, but few. */
const eventsFor = ({ batch }: Sink, count = Math.min(3, batch.maxEvents)) => sampleEvents(count);

async function opened(make: Setup["working"], deps: SinkDeps = sampleDeps): Promise<Trial> {
  const trial = await make(deps);
  onTestFinished(() => trial.sink.close());
  return trial;
}
