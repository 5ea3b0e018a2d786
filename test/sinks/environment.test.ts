import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfigValue } from "../../lib/config/load.ts";
import { sinkName } from "../../lib/core/names.ts";
import { openBridge } from "../../lib/wire/bridge.ts";
import { accessKey } from "../aws/sample.ts";
import { serve } from "../harness/http.ts";
import { sqsService } from "./aws/services.ts";
import { running, sampleDeps, sampleEvent } from "./sample.ts";

describe("a sink of a bridge", () => {
  it("has the access key, the region and the endpoint of the bridge's environment", async () => {
    const server = await serve(sqsService.answer);
    const environment = { ...accessKey, AWS_REGION: "eu-north-1", AWS_ENDPOINT_URL: server.origin };
    const config = {
      sources: [
        {
          engine: "kafka",
          region: "cn-north-4",
          projectId: "p",
          instances: ["i"],
          credentials: { token: "t" },
        },
      ],
      checkpoint: { type: "memory" },
      sinks: { queue: { type: "sqs", queueUrl: "http://queues.example/1/tasks" } },
    };
    const loaded = await loadConfigValue(config, { environment, folder: sampleDeps.folder });
    const bridge = await openBridge(loaded, { ...sampleDeps, environment });
    onTestFinished(() => bridge.close());
    const results = await bridge.sinks.get(sinkName("queue"))?.deliver([sampleEvent()], running());
    expect(results).toEqual([{ kind: "accepted" }]);
    expect(server.seen[0]?.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d+\/eu-north-1\/sqs\//);
  });
});
