import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { running, sampleEvent, sampleEvents } from "../sinks/sample.ts";

/** A queue, topic or stream of its own on a real server. */
export interface BrokerPlace {
  /** A sink that sends there, closed when the test ends. */
  sinkTo(options?: object): Sink;
  /** Ids of the events that are there, in order. */
  arrived(): Promise<readonly string[]>;
}

export interface BrokerServer {
  place(): Promise<BrokerPlace>;
  /** Options for a server that speaks TLS, and the authority of its certificate. */
  readonly tls?: () => Promise<{ readonly options: object; readonly ca: string }>;
  /** Kills the server, which gets no time to close. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** An event that is sent again is there once. @default it may be there twice */
  readonly keepsOnce?: true;
}

const accepted = { kind: "accepted" };
const network = { kind: "retry", reason: "network" };

/** What every broker's sink must do before a real server that keeps events. */
export function brokerServerContract(name: string, server: BrokerServer): void {
  describe(`the sink ${name}, before a real server,`, () => {
    it("keeps the order of its deliveries and of the events in one", async () => {
      const { sinkTo, arrived } = await server.place();
      const sink = sinkTo();
      const events = sampleEvents(300);
      const slices = [events.slice(0, 100), events.slice(100, 200), events.slice(200)];
      await Promise.all(slices.map((slice) => sink.deliver(slice, running())));
      expect(await arrived()).toEqual(events.map(({ id }) => id));
    });

    const { tls } = server;
    if (tls)
      it("speaks TLS with a server that the given authority vouches for, and with no other", async () => {
        const { sinkTo, arrived } = await server.place();
        const { options, ca } = await tls();
        expect(await sinkTo({ ...options, tls: {} }).deliver([sampleEvent()], running())).toMatchObject([
          { ...network, detail: expect.stringContaining("certificate is not trusted") },
        ]);
        expect(await sinkTo({ ...options, tls: { ca } }).deliver([sampleEvent()], running())).toEqual([
          accepted,
        ]);
        expect(await arrived()).toEqual([sampleEvent().id]);
      });

    it("loses nothing that was confirmed when the server is killed in the midst of a delivery, and goes on once it is back", {
      timeout: 120_000,
    }, async () => {
      const { sinkTo, arrived } = await server.place();
      const sink = sinkTo({ timeout: "5s" });
      const events = sampleEvents(100);
      const first = events.slice(0, 10);
      expect(await sink.deliver(first, running())).toEqual(first.map(() => accepted));
      const delivery = sink.deliver(events.slice(10), running());
      await server.kill();
      const results = await delivery;
      expect(results).toHaveLength(90);
      const isAccepted = ({ kind }: DeliveryResult) => kind === "accepted";
      for (const result of results) if (!isAccepted(result)) expect(result).toMatchObject({ kind: "retry" });
      expect(await sink.deliver(events.slice(10, 11), running())).toMatchObject([{ kind: "retry" }]);
      await server.restart();
      const kept = new Set(await arrived());
      const confirmed = [...first, ...events.slice(10).filter((_, n) => results[n]?.kind === "accepted")];
      expect(confirmed.filter(({ id }) => !kept.has(id))).toEqual([]);
      expect(await sink.deliver(events.slice(10), running())).toEqual(results.map(() => accepted));
      const ids = events.map(({ id }) => id);
      if (server.keepsOnce) expect(await arrived()).toEqual(ids);
      else expect(new Set(await arrived())).toEqual(new Set(ids));
    });
  });
}
