import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { receiver } from "../../examples/deliver-to-webhook/receiver.ts";
import type { CloudEvent } from "../../lib/change/event.ts";
import { listening } from "../harness/servers.ts";
import { exampleHarness, onLoopback } from "./example.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** The example's receiver, which keeps what it acts on, and may fail. */
async function started() {
  const acted: string[] = [];
  let failures = 0;
  const act = ({ data: { task } }: CloudEvent): void => {
    if (failures-- > 0) throw new Error("no room");
    acted.push(`${task.name} ${task.status}`);
  };
  const statuses: number[] = [];
  const listener = receiver({ secret, database: new DatabaseSync(":memory:"), act });
  const server = createServer((request, response) => {
    response.once("finish", () => statuses.push(response.statusCode));
    return listener(request, response);
  });
  const { origin: url } = await listening(server);
  return {
    url,
    acted,
    statuses,
    fail: (times: number) => {
      failures = times;
    },
  };
}

const harnessFor = (url: string, key = secret) =>
  exampleHarness("deliver-to-webhook", {
    environment: { WEBHOOK_URL: url, WEBHOOK_SECRET: key },
    sink: onLoopback,
  });

describe("the example deliver-to-webhook", () => {
  it("acts on each event once, however often it comes", async () => {
    const { url, acted, statuses } = await started();
    const { task, poll, forget } = await harnessFor(url);
    task("bindInstancePublicIp", "EXECUTING");
    expect(await poll()).toMatchObject({ accepted: 1 });
    await forget();
    expect(await poll()).toMatchObject({ accepted: 1 });
    expect(statuses).toEqual([204, 204]);
    expect(acted).toEqual(["bindInstancePublicIp EXECUTING"]);
  });

  it("gets an event again that it could not act on", async () => {
    const { url, acted, statuses, fail } = await started();
    const { task, poll } = await harnessFor(url);
    task("bindInstancePublicIp", "EXECUTING");
    fail(1);
    expect(await poll()).toMatchObject({ accepted: 1 });
    expect(statuses).toEqual([500, 204]);
    expect(acted).toEqual(["bindInstancePublicIp EXECUTING"]);
  });

  it("takes nothing that another key has signed", async () => {
    const { url, acted, statuses } = await started();
    const { task, poll } = await harnessFor(url, `whsec_${Buffer.alloc(32, 8).toString("base64")}`);
    task("bindInstancePublicIp", "EXECUTING");
    expect(await poll()).toMatchObject({ accepted: 0, pending: 1, state: "blocked" });
    expect(statuses).toEqual([401]);
    expect(acted).toEqual([]);
  });
});
