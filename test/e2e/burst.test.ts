import { expect, it } from "vitest";
import { atOnce, instance } from "../harness/api.ts";
import { bridgeFolder } from "../harness/bridge.ts";
import { serve } from "../harness/http.ts";

it("posts fifty changes on fifty instances as one digest, and the next change as a message", async () => {
  const { origin, seen } = await serve({ body: "ok" });
  const chat = { type: "slack", url: `${origin}/services/T/B/key`, allowPrivateNetwork: true };
  const harness = await bridgeFolder({ sinks: { chat } });
  const { world } = harness.simulator;
  const instances = Array.from({ length: 49 }, (_, index) => ({
    ...instance,
    id: `22222222-0000-4000-8000-${String(index).padStart(12, "0")}`,
    name: `queue-${index}`,
  }));
  for (const added of instances) world.addInstance(added);
  for (const { id } of [instance, ...instances]) {
    world.start({ instance: id, name: "resizeInstance", startMs: Date.now(), steps: atOnce("SUCCESS") });
  }
  const burst = await harness.run("poll", "--json");
  expect([burst.code, burst.err]).toEqual([0, ""]);
  expect(JSON.parse(burst.out).sinks.chat).toMatchObject({ accepted: 50, pending: 0 });
  expect(seen).toHaveLength(1);
  expect(seen[0]?.body).toContain("50 task changes: 50 succeeded");

  harness.task("resizeInstance", "FAILED");
  await harness.run("poll");
  expect(seen).toHaveLength(2);
  expect(seen[1]?.body).toContain("failed");
});
