import { expect, it } from "vitest";
import { bridgeFolder } from "../../harness/bridge.ts";

/** The first message of a console's feed. */
async function snapshotOf(url: string): Promise<Record<string, unknown>> {
  const { origin, hash } = new URL(url);
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${hash.replace("#token=", "")}` };
  const response = await fetch(`${origin}/api/feed`, { headers, signal: stop.signal });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    // The store is read once a page is open: its rows come with the first patches.
    if (text.includes('"deliveries":[{"sink":"ops","state":"accepted"')) break;
  }
  stop.abort();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}") as Record<string, unknown>;
}

it("shows from the store alone what another process polled and delivered", async () => {
  const harness = await bridgeFolder();
  const id = harness.task();
  expect((await harness.run("poll")).code).toBe(0);
  const requests = harness.simulator.requestCount();
  const console_ = harness.start("console", "--port", "0");
  const printed = await console_.said("err", /http:\S+\n/);
  const snapshot = await snapshotOf(/http:\S+/.exec(printed)?.[0] ?? "");
  expect(snapshot).toMatchObject({ meta: { mode: "console", store: "file", allowsChanges: false } });
  expect(JSON.stringify(snapshot)).toContain(id);
  expect(harness.simulator.requestCount()).toBe(requests);
  console_.kill("SIGTERM");
  expect((await console_.ended).code).toBe(143);
});
