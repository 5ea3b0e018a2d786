import { expect, it } from "vitest";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { ConsoleModel } from "../../lib/console/model/model.ts";
import { addStream } from "../../lib/console/records-reader.ts";
import { createdMs } from "../change/sample.ts";
import { chat, entry, key, ops } from "../checkpoint/sample.ts";

const meta = {
  mode: "console",
  store: "memory",
  allowsChanges: false,
  startedAtMs: 0,
  bucketMs: 10_000,
  simulator: null,
} as const;
const empty = begin("all", createdMs, 0);

it("shows a sink that the configuration lacks while it has deliveries or dead letters, and what to do", () => {
  const model = new ConsoleModel(meta, [{ name: ops, type: "webhook", isChat: false }], () => true);
  const shown = () => model.snapshot(createdMs).sinks.map(({ name, state }) => `${name} ${state}`);
  expect(shown()).toEqual(["ops healthy"]);
  addStream(model, key, null);
  model.setRecord(key, { ...empty, outbox: [entry(1, "t1", [ops, chat])] });
  expect(shown()).toEqual(["ops healthy", "chat removed"]);
  expect(model.patch(createdMs)?.sinks?.[1]).toMatchObject({
    pending: 1,
    action: expect.stringContaining("configure a sink named chat again before the next run"),
  });
  model.setRecord(key, empty);
  model.setDeadLetters(new Map([[chat, 1]]));
  expect(model.patch(createdMs)?.sinks?.find(({ name }) => name === chat)).toMatchObject({
    state: "removed",
    pending: 0,
    deadLetters: 1,
    action: expect.stringContaining("redrive its dead letters"),
  });
  model.setDeadLetters(new Map());
  expect(model.patch(createdMs)?.sinks?.find(({ name }) => name === chat)).toMatchObject({ action: null });
});
