import { expect, it } from "vitest";
import { trial } from "../contract/service.ts";
import { functiongraphService } from "./huawei/services.ts";
import { running, sampleEvent } from "./sample.ts";

it("an invocation of FunctionGraph has the event as its input", async () => {
  const { sink, seen } = await trial(functiongraphService);
  await sink.deliver([sampleEvent()], running());
  await sink.close();
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual(sampleEvent());
});
