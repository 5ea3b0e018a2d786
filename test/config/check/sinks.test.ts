import { expect, it } from "vitest";
import { eventFieldIssues } from "../../../lib/config/check/event-fields.ts";
import { issuesOf, load } from "../sample.ts";

const issues = (filter: object) => [...eventFieldIssues(filter, ["filter"])];

it("names a filter's fields that no event has, also in branches, and what was meant", () => {
  const found = "a key that no event has";
  expect(
    issues({
      typ: ["x"],
      data: { task: { nmae: ["x"], status: ["FAILED"] } },
      $or: [{ subject: ["x"] }, { detail: { a: ["x"] } }],
    }),
  ).toEqual([
    { field: "filter.typ", expected: "a known field of an event (did you mean type?)", found },
    { field: "filter.data.task.nmae", expected: "a known field of an event (did you mean name?)", found },
    { field: "filter.$or[1].detail", expected: "a known field of an event (did you mean data?)", found },
  ]);
});

it("takes any parameter of a task, and a field that must be absent", () => {
  expect(issues({ data: { task: { params: { a: { b: ["x"] } } } }, other: [{ exists: false }] })).toEqual([]);
});

it.each([
  ["https://10.1.2.3/hook", false],
  ["https://[fd00::1]/hook", false],
  ["https://localhost:8443/hook", false],
  ["https://169.254.169.254/latest", true],
  ["http://192.0.2.1/hook", true],
  ["https://10.1.2.3/hook", ["192.168.0.0/16"]],
])("refuses the URL %s, with allowPrivateNetwork %j, which the run would refuse", async (url, allow) => {
  const sinks = { it: { type: "webhook", url, allowPrivateNetwork: allow } };
  const found = await issuesOf(load({ sinks }));
  expect(found).toEqual([
    {
      field: "sinks.it.url",
      expected: "a public address, or one that allowPrivateNetwork opens",
      found: "an address that is not open to this sink",
    },
  ]);
});

it.each([
  ["https://10.1.2.3/hook", ["10.0.0.0/8"]],
  ["http://127.0.0.1/hook", true],
  ["https://hooks.example.com/hook", false],
])("takes the URL %s with allowPrivateNetwork %j", async (url, allow) => {
  await expect(
    load({ sinks: { it: { type: "webhook", url, allowPrivateNetwork: allow } } }),
  ).resolves.toBeDefined();
});
