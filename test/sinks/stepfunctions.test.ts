import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { eventId } from "../../lib/core/names.ts";
import { trial } from "../contract/service.ts";
import type { Answering } from "../harness/http.ts";
import { stepfunctionsService } from "./aws/services.ts";
import { running, sampleEvent } from "./sample.ts";

async function started(event: CloudEvent, answering: Answering = stepfunctionsService.answer) {
  const { sink, seen } = await trial(stepfunctionsService, answering);
  const [result] = await sink.deliver([event], running());
  await sink.close();
  return { result, body: JSON.parse(seen[0]?.body ?? "{}") };
}

const nameOf = async (event: CloudEvent): Promise<string> => (await started(event)).body.name;

describe("an execution", () => {
  it("has the event as its input", async () => {
    const { body } = await started(sampleEvent());
    expect(body).toMatchObject({
      stateMachineArn: stepfunctionsService.options["stateMachineArn"],
      input: JSON.stringify(sampleEvent()),
    });
  });

  it("has a name that begins with the task and its status, the same in every repeat", async () => {
    const name = await nameOf(sampleEvent());
    expect(name).toMatch(/^t-0001-SUCCESS-[0-9a-f]{32}$/);
    expect(await nameOf(sampleEvent())).toBe(name);
  });

  it("has a name of its own for each event, even where all that is readable is the same", async () => {
    const other = { ...sampleEvent(), id: eventId("i-0002/t-0001/SUCCESS/1767225600000") };
    expect(await nameOf(other)).not.toBe(await nameOf(sampleEvent()));
  });

  it.each(["x".repeat(200), "a/b:c d", "绑定", ""])(
    "has a name within the limits for the task %j",
    async (subject) => {
      expect(await nameOf({ ...sampleEvent(), subject })).toMatch(/^[\w-]{1,80}$/);
    },
  );

  it("that a first delivery has started is accepted, and starts nothing", async () => {
    const taken = stepfunctionsService.failure(400, "ExecutionAlreadyExists");
    expect((await started(sampleEvent(), taken)).result).toEqual({ kind: "accepted" });
  });

  it.each([
    ["StateMachineDoesNotExist", { kind: "blocked", reason: "not_found" }],
    ["StateMachineDeleting", { kind: "blocked", reason: "gone" }],
    ["InvalidArn", { kind: "blocked", reason: "not_found" }],
    ["ExecutionLimitExceeded", { kind: "retry", reason: "throttled" }],
    ["InvalidExecutionInput", { kind: "permanent", reason: "rejected" }],
  ])("that meets %s is told apart", async (code, expected) => {
    const refused = stepfunctionsService.failure(400, code);
    expect((await started(sampleEvent(), refused)).result).toMatchObject(expected);
  });
});
