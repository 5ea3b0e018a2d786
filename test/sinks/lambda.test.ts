import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { schema } from "../../lib/sinks/lambda.ts";
import { trial } from "../contract/service.ts";
import { lambdaService } from "./aws/services.ts";
import { running, sampleEvent, sampleEvents } from "./sample.ts";

describe("an invocation", () => {
  it("is asynchronous, with the event as its payload", async () => {
    const { sink, seen } = await trial(lambdaService);
    await sink.deliver([sampleEvent()], running());
    expect(seen[0]).toMatchObject({
      headers: { "x-amz-invocation-type": "Event", "content-type": "application/json" },
      body: JSON.stringify(sampleEvent()),
    });
    await sink.close();
  });

  it("is of the alias, in the region that the function's ARN names", async () => {
    const { sink, seen } = await trial(lambdaService, lambdaService.answer, {
      function: "arn:aws:lambda:us-west-2:123456789012:function:after-task:live",
    });
    await sink.deliver([sampleEvent()], running());
    expect(seen[0]?.path).toBe(
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A123456789012%3Afunction%3Aafter-task%3Alive/invocations",
    );
    expect(seen[0]?.headers.authorization).toContain("/us-west-2/lambda/");
    await sink.close();
  });

  it("that fails fails alone", async () => {
    const bad = sampleEvent(2).id;
    const { sink } = await trial(lambdaService, (request) =>
      lambdaService.events(request)[0]?.id === bad
        ? lambdaService.failure(409, "ResourceConflictException")
        : lambdaService.answer(request),
    );
    expect(await sink.deliver(sampleEvents(3), running())).toMatchObject([
      { kind: "accepted" },
      { kind: "retry", reason: "server_error" },
      { kind: "accepted" },
    ]);
    await sink.close();
  });
});

describe("the options of Lambda", () => {
  it.each(["", "../x", "a b", "arn:aws:lambda:us-west-2:123456789012:layer:x"])(
    "take no function %j",
    (name) => expect(v.is(schema, { function: name })).toBe(false),
  );

  it.each([
    "after-task",
    "after-task:live",
    "after-task:$LATEST",
    "arn:aws:lambda:us-west-2:123456789012:function:x",
  ])("take %s", (name) => expect(v.is(schema, { function: name })).toBe(true));
});
