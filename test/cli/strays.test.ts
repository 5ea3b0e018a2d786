import { describe, expect, it } from "vitest";
import { bridgeFolder } from "../harness/bridge.ts";

/** Takes its event, and fails where nobody can catch it: in a timer, or in a promise that nobody waits for. */
const strayModule = `
export default {
  deliver: async (events) => {
    setTimeout(() => { throw new TypeError("a client's own socket"); }, 0);
    void Promise.reject(new RangeError("a promise nobody waits for"));
    return new Promise((resolve) => setTimeout(resolve, 20, events.map(() => ({ kind: "accepted" }))));
  },
};`;

async function strayHarness() {
  const harness = await bridgeFolder();
  await harness.write("stray.mjs", strayModule);
  await harness.addSink("stray", { type: "custom", module: "./stray.mjs" });
  return harness;
}

describe("an error that nobody caught", () => {
  it("does not end watch, whose other sinks go on", async () => {
    const harness = await strayHarness();
    harness.task("bindInstancePublicIp");
    const watching = harness.start("watch", "--interval", "50ms");
    await watching.said("err", /"part":"stray"[\s\S]*RangeError|RangeError[\s\S]*TypeError/);
    harness.task("modify");
    await watching.said("out", /modify/);
    await expect.poll(() => harness.receiver.events().length).toBe(2);
    watching.kill("SIGTERM");
    expect((await watching.ended).code).toBe(143);
  });

  it("ends poll with 1, after its summary and with all settled", async () => {
    const harness = await strayHarness();
    harness.task("bindInstancePublicIp");
    const { code, out, err } = await harness.run("poll", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      sinks: { ops: { accepted: 1, pending: 0 }, stray: { accepted: 1, pending: 0 } },
    });
    expect(err).toContain("an error that no part caught");
    expect(err).not.toContain("a client's own socket");
    expect((await harness.run("poll", "--json")).code).toBe(0);
  });
});
