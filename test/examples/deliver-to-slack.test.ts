import { describe, expect, it } from "vitest";
import { receiving } from "../harness/api.ts";
import { exampleHarness, onLoopback } from "./example.ts";

describe("the example deliver-to-slack", () => {
  it("posts failures, and nothing else", async () => {
    const slack = await receiving({ respond: () => ({ status: 200, body: "ok" }) });
    const environment = { SLACK_URL: `${slack.url}/services/T/B/x` };
    const { task, poll, cli } = await exampleHarness("deliver-to-slack", { environment, sink: onLoopback });
    expect(await poll()).toMatchObject({ accepted: 0 });
    task("bindInstancePublicIp", "SUCCESS");
    task("kafkaRestart", "FAILED");
    expect(await poll()).toMatchObject({ accepted: 1, filtered: 1, deadLettered: 0 });
    expect(slack.deliveries).toHaveLength(1);
    expect(slack.deliveries[0]?.body).toContain("❌ [prod] kafkaRestart on orders failed");
    expect((await cli("explain", "--status", "SUCCESS")).out).toContain("channel leaves it out");
  });
});
