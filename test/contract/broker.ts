import { rm } from "node:fs/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eachOf } from "../../lib/async/each.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { type Certificate, makeCertificate } from "../services/certificate.ts";
import { freePort, serverFolder } from "../services/server.ts";
import { running, sampleEvent } from "../sinks/sample.ts";
import {
  cutAfter,
  type HostileServer,
  hostileServer,
  type Manner,
  manners,
  relay,
} from "./hostile-servers.ts";

export interface Approach {
  /** `host:port`. */
  readonly host: string;
  readonly timeoutMs: number;
  /** Signs in, as someone whom the real server takes. */
  readonly isSigned: boolean;
  /** The authority of a certificate for 127.0.0.1; null without TLS. */
  readonly ca: string | null;
}

export interface BrokerSetup {
  sink(approach: Approach): Sink;
  /** `host:port` of a real server, in the clear, that takes a client that signs in or does not. */
  real(isSigned: boolean): string;
  /** A real server that goes over to TLS after its first words, and its authority, where the protocol has it so. */
  upgrading?(): { readonly host: string; readonly ca: string };
  /** The client connects anew within an attempt, so that what one connection lost another may bring. */
  readonly reconnects?: true;
  /** Servers that speak the protocol and send absurd numbers, and what a delivery there comes to. */
  readonly absurd: Readonly<
    Record<
      string,
      {
        readonly manner: Manner;
        readonly result: { readonly kind: string; readonly reason?: unknown };
      }
    >
  >;
}

/** A result that is no more than the network's fault. */
export const networkRetry = {
  kind: "retry",
  reason: expect.stringMatching(/^(network|timeout|server_error)$/),
};

const timeoutMs = 200;
/** A server may be slow under load; a sink that misses its time-out misses it by more. */
const marginMs = 3_000;

const ways = [
  { way: "in the clear", isSigned: false, isTls: false },
  { way: "signing in", isSigned: true, isTls: false },
  { way: "by TLS", isSigned: false, isTls: true },
  { way: "by TLS, signing in", isSigned: true, isTls: true },
] as const;

/** What every broker's sink must do before servers that misbehave. */
export function brokerContract(name: string, setup: BrokerSetup): void {
  let certificate: Certificate;
  let events = 0;
  beforeAll(async () => {
    const folder = await serverFolder("certificate");
    certificate = await makeCertificate(folder, "IP:127.0.0.1");
    await rm(folder, { recursive: true });
  });

  /** What a delivery comes to; afterwards no connection is left. */
  const trial = async (
    server: HostileServer,
    approach: Omit<Approach, "host" | "timeoutMs">,
    withinMs = timeoutMs,
  ) => {
    const sink = setup.sink({ ...approach, host: server.host, timeoutMs: withinMs });
    onTestFinished(() => sink.close());
    const startedMs = performance.now();
    // Never a repeat, whose answer may be a shorter one.
    events += 1;
    const results = await sink.deliver([sampleEvent(events)], running());
    const tookMs = performance.now() - startedMs;
    await sink.close();
    await server.quiet();
    expect(results).toHaveLength(1);
    expect(tookMs).toBeLessThan(withinMs + marginMs);
    return results;
  };

  describe.each(ways)(`the sink ${name}, $way,`, ({ isSigned, isTls }) => {
    const upgrading = () => (isTls ? setup.upgrading?.() : undefined);
    const approach = () => ({ isSigned, ca: isTls ? (upgrading()?.ca ?? certificate.cert) : null });
    const listening = (manner: Manner) =>
      hostileServer(manner, isTls && !upgrading() ? certificate : undefined);
    const real = () => upgrading()?.host ?? setup.real(isSigned);

    it("tries again later where nobody listens", async () => {
      const nobody = { host: `127.0.0.1:${await freePort()}`, quiet: async () => {} };
      for (const result of await trial(nobody, approach())) expectNetwork(result);
    });

    it.each(Object.entries(manners))(
      "tries again later, and hangs up, where the server %s",
      async (_, manner) => {
        for (const result of await trial(await listening(manner), approach())) expectNetwork(result);
      },
    );

    if (isTls)
      it.each(Object.entries(manners))(
        "tries again later, and hangs up, where the server speaks no TLS and %s",
        async (_, manner) => {
          for (const result of await trial(await hostileServer(manner), approach())) expectNetwork(result);
        },
      );

    it("hangs up at once when the run ends while the server says nothing", async () => {
      const server = await listening((socket) => void socket.resume());
      const sink = setup.sink({ ...approach(), host: server.host, timeoutMs: 60_000 });
      onTestFinished(() => sink.close());
      const [result] = await sink.deliver([sampleEvent()], { signal: AbortSignal.timeout(50) });
      expect(result).toMatchObject({ kind: "retry", reason: "timeout" });
      await server.quiet();
    });

    /** Bytes that the real server says until a delivery is done. */
    const toldInAll = async (behind: string): Promise<number> => {
      let told = 0;
      const server = await listening(
        relay(behind, (chunk, before) => {
          told = Math.max(told, before + chunk.length);
          return chunk;
        }),
      );
      const results = await trial(server, approach(), 15_000);
      expect(results).toEqual([{ kind: "accepted" }]);
      return told;
    };

    it("accepts nothing that a server cut off, at whatever byte", { timeout: 120_000 }, async () => {
      const behind = real();
      const told = await toldInAll(behind);
      // A TLS record is a whole: what comes through in its middle comes through later.
      const step = isTls ? 11 : 1;
      const cuts = Array.from({ length: Math.ceil(told / step) }, (_, n) => n * step);
      await eachOf(cuts, 32, async (bytes) => {
        const server = await listening(cutAfter(behind, bytes, bytes % 2 === 0 ? "reset" : "close"));
        const results = await trial(server, approach(), 5_000);
        // The last bytes are not always needed.
        if (bytes < told - 16 && !setup.reconnects) for (const result of results) expectNetwork(result);
        else for (const result of results) if (result.kind !== "accepted") expectNetwork(result);
      });
    });

    it("gives up in time where a server falls silent, at whatever stage", { timeout: 60_000 }, async () => {
      const behind = real();
      const told = await toldInAll(behind);
      const cuts = Array.from({ length: 12 }, (_, n) => Math.floor((told * n) / 12));
      await eachOf(cuts, 12, async (bytes) => {
        const server = await listening(cutAfter(behind, bytes, "freeze"));
        for (const result of await trial(server, approach(), 1_500))
          if (!setup.reconnects || result.kind !== "accepted") expectNetwork(result);
      });
    });
  });

  describe(`the sink ${name}`, () => {
    it.each(Object.entries(setup.absurd))("is not steered by %s", async (_, { manner, result }) => {
      const server = await hostileServer(manner);
      // What waits for nothing has time, on a busy machine too.
      const withinMs = result.kind === "retry" ? timeoutMs : 5_000;
      const results = await trial(server, { isSigned: false, ca: null }, withinMs);
      for (const each of results) expect(each).toMatchObject(result);
    });
  });
}

const expectNetwork = (result: DeliveryResult): void => expect(result).toMatchObject(networkRetry);
