import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { toEvent } from "../../../lib/change/event.ts";
import { parseTaskPage } from "../../../lib/source/parse.ts";
import { stream } from "../../checkpoint/sample.ts";
import { isUnpolluted, longForm, nastyJson, numRuns, place, replaced } from "./values.ts";

const context = { stream, source: "https://dms.example", instanceName: null, observedAtMs: 0 };

afterEach(() => expect(isUnpolluted()).toBe(true));

describe("an answer of the API", longForm, () => {
  const keys = fc.constantFrom(
    "tasks",
    "task_count",
    "id",
    "name",
    "status",
    "params",
    "created_at",
    "updated_at",
  );
  const task = {
    id: "t1",
    name: "bindInstancePublicIp",
    status: "EXECUTING",
    params: '{"password":"hunter2"}',
    user_id: "u1",
    user_name: "alice",
    created_at: "2026-01-01T12:00:00.000Z",
    updated_at: "2026-01-01T12:00:01.000Z",
  };
  const page = { task_count: "2", tasks: [task, { ...task, id: "t2" }] };

  function read(body: unknown): void {
    const parsed = parseTaskPage(body);
    if ("problem" in parsed) return;
    expect(parsed.tasks.length + parsed.skipped.length).toBe(parsed.received);
    for (const found of parsed.tasks) {
      const event = toEvent({ task: found, from: null, to: found.status }, context);
      expect(event.id).toMatch(/^[\x21-\x7e]+$/);
      expect(JSON.stringify(event)).not.toContain("hunter2");
    }
  }

  it("with anything in it gives tasks whose events can be sent, or says what was skipped", () => {
    fc.assert(
      fc.property(nastyJson(keys), (body) => read(JSON.parse(JSON.stringify(body)))),
      { numRuns },
    );
  });

  it("with anything in one place of it does too", () => {
    fc.assert(
      fc.property(place, nastyJson(keys), (steps, instead) => read(replaced(page, steps, instead))),
      { numRuns, examples: [[[1, 0, 0], "\ud800"]] },
    );
  });

  it("shows no secret of params, however deep or quoted it is", () => {
    const names = fc.constantFrom("password", "secretKey", "access_key", "token", "apiKey", "Authorization");
    const wrap = fc.constantFrom<(inner: unknown) => unknown>(
      (inner) => [inner],
      (inner) => ({ a: inner }),
      (inner) => JSON.stringify(inner),
    );
    fc.assert(
      fc.property(names, fc.array(wrap, { maxLength: 8 }), (name, wraps) => {
        const params = wraps.reduce((inner, wrapped) => wrapped(inner), { [name]: "hunter2" } as unknown);
        read({ tasks: [{ ...task, params }] });
      }),
      { numRuns },
    );
  });
});
