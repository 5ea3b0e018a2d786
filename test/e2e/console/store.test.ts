import { expect, it, onTestFinished } from "vitest";
import { startReceiver } from "../../../lib/simulator/receiver.ts";
import { openStage, webhook } from "../stage.ts";

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
  const receiver = await startReceiver();
  const stage = await openStage({ sinks: { ops: webhook(receiver.url) } });
  onTestFinished(async () => {
    await stage.close();
    await receiver.close();
  });
  const id = stage.task("EXECUTING");
  expect((await stage.run("poll")).code).toBe(0);
  const requests = stage.simulator.requestCount();
  const console_ = stage.start("console", "--port", "0");
  let printed = "";
  for await (const chunk of console_.stderr) {
    printed += chunk;
    if (/http:\S+\n/.test(printed)) break;
  }
  const snapshot = await snapshotOf(/http:\S+/.exec(printed)?.[0] ?? "");
  expect(snapshot).toMatchObject({ meta: { mode: "console", store: "file", allowsChanges: false } });
  expect(JSON.stringify(snapshot)).toContain(id);
  expect(stage.simulator.requestCount()).toBe(requests);
  const ended = new Promise((resolve) => console_.once("close", resolve));
  console_.kill("SIGTERM");
  expect(await ended).toBe(143);
});
