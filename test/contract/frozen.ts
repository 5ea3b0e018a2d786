import { describe, expect, it } from "vitest";
import { eachOf } from "../../lib/async/each.ts";
import { bridgeFolder } from "../harness/bridge.ts";
import { hostileServer, type Manner, relay } from "./hostile-servers.ts";

export interface Frozen {
  readonly manner: Manner;
  /** A sink's options, but for its time-out. */
  options(host: string): object;
  /** Whether a client's words ask what is never answered. @default the first connection does */
  readonly asks?: (words: Buffer) => boolean;
}

/** Relays to a real server, which falls silent for ever once a client asks this of it. */
export const freezingAt =
  (behind: () => string, asks: (words: Buffer) => boolean): Manner =>
  (socket) => {
    let isFrozen = false;
    socket.on("data", (words) => {
      isFrozen ||= asks(words);
    });
    relay(behind(), (chunk) => (isFrozen ? null : chunk))(socket);
  };

/** What the command line does before a server that is frozen, or freezes when something is published. */
export function frozenContract(name: string, { manner, options, asks }: Frozen): void {
  /** Tells also when the first client waits for an answer. */
  const setFrozen = async (timeout: string) => {
    const asked = Promise.withResolvers<void>();
    const server = await hostileServer((socket) => {
      if (asks) socket.on("data", (words) => asks(words) && asked.resolve());
      else asked.resolve();
      manner(socket);
    });
    const harness = await bridgeFolder();
    await harness.addSink("frozen", { ...options(server.host), timeout });
    return { harness, asked: asked.promise };
  };

  describe(`before a server that is frozen, ${name},`, () => {
    it("sink test and poll end by themselves, the healthy sink served", async () => {
      const { harness } = await setFrozen(asks ? "2s" : "300ms");
      expect(await harness.run("sink", "test", "frozen")).toMatchObject({
        code: 1,
        out: expect.stringMatching(/^retry {2}frozen: .*\(timeout/),
        err: "",
      });
      harness.task("bindInstancePublicIp");
      const { code, out } = await harness.run("poll", "--json");
      expect(code).toBe(0);
      expect(JSON.parse(out).sinks).toMatchObject({
        ops: { accepted: 1 },
        frozen: { accepted: 0, pending: 1 },
      });
    });

    it("watch, poll and sink test end within 8 s at SIGTERM, and what is unconfirmed stays owed", {
      timeout: 90_000,
    }, async () => {
      const commands = [["watch"], ["poll"], ["sink", "test", "frozen"]];
      await eachOf(commands, commands.length, async (command) => {
        const { harness, asked } = await setFrozen("60s");
        harness.task("bindInstancePublicIp");
        const running = harness.start(...command);
        await asked;
        const toldMs = performance.now();
        running.kill("SIGTERM");
        expect(await running.ended).toMatchObject({ code: 143 });
        expect(performance.now() - toldMs).toBeLessThan(8_000);
        if (command[0] === "sink") return;
        const { out } = await harness.run("checkpoint", "show", "--json");
        expect(JSON.parse(out)).toMatchObject({ checkpoints: [{ pending: { frozen: 1 }, lease: null }] });
      });
    });
  });
}
