import { describe, expect, it } from "vitest";
import type { RunSummary } from "../../../lib/run/summary.ts";
import { bridgeFolder } from "../../harness/bridge.ts";

const agency = { ak: "AGENCYKEY1", sk: "agency-secret-1", securityToken: "agency-token-1" };
const keyHeaders = (key: typeof agency): Record<string, string> => ({
  "x-cff-security-access-key": key.ak,
  "x-cff-security-secret-key": key.sk,
  "x-cff-security-token": key.securityToken,
});
const timerEvent = JSON.stringify({ version: "v1.0", trigger_type: "TIMER", trigger_name: "minute" });

async function serving() {
  const harness = await bridgeFolder({ agency });
  const command = harness.start("functiongraph", "--port", "0", "--time-limit", "30s");
  const line = await command.said("out", /listening for FunctionGraph.*\n/);
  const { port } = JSON.parse(line.split("\n")[0] ?? "");
  const call = async (path: string, headers: Record<string, string> = {}, method = "POST") => {
    const body = method === "POST" ? { body: timerEvent } : {};
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...body });
    return { status: response.status, body: (await response.json()) as Partial<RunSummary> };
  };
  return { harness, command, call };
}

describe("the image as an event function of FunctionGraph", () => {
  it("delivers with the agency's key of each invocation, and ends at SIGTERM", async () => {
    const { harness, command, call } = await serving();
    expect((await call("/init")).status).toBe(200);
    harness.task("bindInstancePublicIp");
    const { status, body } = await call("/invoke", keyHeaders(agency));
    expect(status).toBe(200);
    expect(body).toMatchObject({ streams: [{ changes: 1, error: null }], sinks: { ops: { accepted: 1 } } });
    expect(harness.receiver.events().map(({ data }) => data.change.to)).toEqual(["EXECUTING"]);
    command.kill("SIGTERM");
    expect((await command.ended).code).toBe(143);
  });

  it("fails an invocation in which no stream could be read, and goes on with the next", async () => {
    const { harness, call } = await serving();
    harness.task("bindInstancePublicIp");
    const wrong = { ...agency, sk: "planted-wrong-secret" };
    const failed = await call("/invoke", keyHeaders(wrong));
    expect(failed.status).toBe(500);
    expect(JSON.stringify(failed.body)).not.toContain(wrong.sk);
    expect((await call("/invoke", keyHeaders(agency))).status).toBe(200);
    expect(harness.receiver.events()).toHaveLength(1);
  });

  it("runs one invocation after the other", async () => {
    const { harness, call } = await serving();
    harness.task("bindInstancePublicIp");
    const answers = await Promise.all([1, 2, 3].map(() => call("/invoke", keyHeaders(agency))));
    expect(answers.map(({ body }) => body.sinks?.["ops"]?.accepted)).toEqual([1, 0, 0]);
  });

  it("answers nothing but POST to /invoke and /init", async () => {
    const { call } = await serving();
    expect([(await call("/else")).status, (await call("/invoke", {}, "GET")).status]).toEqual([404, 405]);
  });
});
