import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { instance, openStage } from "./stage.ts";

/** A chat's webhook, and the messages it got. */
async function openChat() {
  const messages: string[] = [];
  const server = createServer(async (request, response) => {
    messages.push(await text(request));
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T/B/key` };
}

it("posts fifty changes on fifty instances as one digest, and the next change as a message", async () => {
  const chat = await openChat();
  const stage = await openStage({
    sinks: { chat: { type: "slack", url: chat.url, allowPrivateNetwork: true } },
    source: { instances: "all" },
  });
  onTestFinished(() => stage.close());
  const { world } = stage.simulator;
  const instances = Array.from({ length: 49 }, (_, index) => ({
    ...instance,
    id: `22222222-0000-4000-8000-${String(index).padStart(12, "0")}`,
    name: `queue-${index}`,
  }));
  for (const added of instances) world.addInstance(added);
  for (const { id } of [instance, ...instances]) {
    world.start({
      instance: id,
      name: "resizeInstance",
      startMs: Date.now(),
      steps: [{ status: "SUCCESS", afterMs: 0 }],
    });
  }
  const burst = await stage.run("poll", "--json");
  expect([burst.code, burst.err]).toEqual([0, ""]);
  expect(JSON.parse(burst.out).sinks.chat).toMatchObject({ accepted: 50, pending: 0 });
  expect(chat.messages).toHaveLength(1);
  expect(chat.messages[0]).toContain("50 task changes: 50 succeeded");

  stage.task("FAILED");
  await stage.run("poll");
  expect(chat.messages).toHaveLength(2);
  expect(chat.messages[1]).toContain("failed");
});
