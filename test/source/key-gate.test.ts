import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { keyGates } from "../../lib/source/key-gate.ts";
import { manualClock } from "../harness/clock.ts";

const origin = "https://dms.example";
const elsewhere = "https://dms.elsewhere.example";
const refused = new SourceError("unauthorized", "refused signature");

/** An API that a test answers by hand. */
function opened() {
  const clock = manualClock(1_000_000);
  const gates = keyGates(clock);
  const sent: { readonly at: string; answer(status: number): void; end(error?: SourceError): void }[] = [];
  const settled: unknown[] = [];
  const request = (at = origin, key = "a", signal = new AbortController().signal): void => {
    const done = gates(key).pass(at, { signal }, (answered) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      sent.push({ at, answer: answered, end: (error) => (error ? reject(error) : resolve("ok")) });
      return promise;
    });
    done.then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    );
  };
  return { clock, sent, settled, request };
}

describe("the requests of one unproven access key", () => {
  it.each([200, 403, 404, 429, 503])(
    "begin with one, and go on at the first byte of HTTP %i",
    async (status) => {
      const { sent, request } = opened();
      for (let count = 0; count < 9; count += 1) request();
      await turn();
      expect(sent).toHaveLength(1);
      sent[0]?.answer(status);
      await turn();
      expect(sent).toHaveLength(9);
    },
  );

  it("fail at once with the refusal of the first, and none of them is sent", async () => {
    const { sent, settled, request } = opened();
    for (let count = 0; count < 9; count += 1) request();
    await turn();
    sent[0]?.answer(401);
    sent[0]?.end(refused);
    await turn();
    expect(sent).toHaveLength(1);
    expect(settled).toEqual(Array.from({ length: 9 }, () => refused));
  });

  it("are not held back for longer when the clock steps back after a refusal", async () => {
    const { clock, sent, request } = opened();
    request();
    await turn();
    sent[0]?.answer(401);
    sent[0]?.end(refused);
    await turn();
    clock.set(0);
    request();
    await turn();
    expect(sent).toHaveLength(2);
  });

  it("wait no longer than two seconds for one that hangs, and are four before they are all", async () => {
    const { clock, sent, request } = opened();
    for (let count = 0; count < 9; count += 1) request();
    await clock.advance(999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    await turn();
    expect(sent).toHaveLength(4);
    await clock.advance(1_000);
    await turn();
    expect(sent).toHaveLength(9);
  });

  it("go on when the second is answered while the first hangs", async () => {
    const { clock, sent, request } = opened();
    for (let count = 0; count < 9; count += 1) request();
    await clock.advance(1_000);
    await turn();
    sent[2]?.answer(200);
    await turn();
    expect(sent).toHaveLength(9);
  });

  it("try another one by one while none is answered", async () => {
    const { sent, request } = opened();
    for (let count = 0; count < 3; count += 1) request();
    await turn();
    sent[0]?.end(new SourceError("unavailable", "connection refused"));
    await turn();
    expect(sent).toHaveLength(2);
  });

  it("end with their caller's signal", async () => {
    const { sent, request } = opened();
    const caller = new AbortController();
    request();
    request(origin, "a", caller.signal);
    await turn();
    caller.abort();
    await turn();
    await turn();
    // The exchange itself tells that its time is up.
    expect(sent).toHaveLength(2);
  });

  it.each([
    ["five seconds without an answer", 5_000],
    ["the clock steps forward", 30 * 24 * 3_600_000],
    ["the clock steps back", -30 * 24 * 3_600_000],
  ])("begin with one again after %s, since a good key can be refused from then on", async (_name, stepMs) => {
    const { clock, sent, settled, request } = opened();
    request();
    await turn();
    sent[0]?.answer(200);
    sent[0]?.end();
    await turn();
    clock.set(clock.now() + stepMs);
    for (let count = 0; count < 5; count += 1) request();
    await turn();
    expect(sent).toHaveLength(2);
    sent[1]?.answer(401);
    sent[1]?.end(refused);
    await turn();
    expect(sent).toHaveLength(2);
    expect(settled.slice(1)).toEqual(Array.from({ length: 5 }, () => refused));
  });

  it("are not proven by an answer to what was signed before the clock jumped", async () => {
    const { clock, sent, request } = opened();
    request();
    await turn();
    clock.set(clock.now() + 3_600_000);
    sent[0]?.answer(200);
    sent[0]?.end();
    await turn();
    for (let count = 0; count < 5; count += 1) request();
    await turn();
    expect(sent).toHaveLength(2);
  });

  it("never wait for those of another key", async () => {
    const { sent, request } = opened();
    request(origin, "a");
    request(origin, "b");
    await turn();
    expect(sent).toHaveLength(2);
  });
});

describe("a refused signature", () => {
  it("holds its endpoint's requests for thirty seconds, and then lets one try", async () => {
    const { clock, sent, settled, request } = opened();
    request();
    await turn();
    sent[0]?.end(refused);
    await turn();
    await clock.advance(29_999);
    request();
    await turn();
    expect([sent.length, settled.length]).toEqual([1, 2]);
    await clock.advance(1);
    request();
    request();
    await turn();
    expect(sent).toHaveLength(2);
  });

  it("of one endpoint leaves the key to another, which may have been given the right one", async () => {
    const { sent, settled, request } = opened();
    for (let count = 0; count < 3; count += 1) request(origin);
    for (let count = 0; count < 3; count += 1) request(elsewhere);
    await turn();
    sent[0]?.answer(401);
    sent[0]?.end(refused);
    await turn();
    expect(sent.map(({ at }) => at)).toEqual([origin, elsewhere]);
    sent[1]?.answer(200);
    await turn();
    expect(sent.map(({ at }) => at)).toEqual([origin, elsewhere, elsewhere, elsewhere]);
    expect(settled).toEqual([refused, refused, refused]);
  });

  it("is sent twice at most, however many endpoints share the key", async () => {
    const { sent, settled, request } = opened();
    for (let count = 0; count < 9; count += 1) request(`https://dms.region-${count}.example`);
    for (let count = 0; count < 9; count += 1) {
      await turn();
      sent[count]?.answer(401);
      sent[count]?.end(refused);
    }
    await turn();
    expect(sent).toHaveLength(2);
    expect(settled).toHaveLength(9);
  });
});
