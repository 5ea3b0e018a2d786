import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demoKey } from "../../lib/simulator/auth.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { bridgeFolder } from "../harness/bridge.ts";
import { buildImage, type Image } from "./container.ts";
import { unreachableSinks } from "./sinks.ts";

let image: Image;
beforeAll(() => {
  image = buildImage();
}, 180_000);
afterAll(() => image.remove());

const environment = { HUAWEICLOUD_SDK_AK: demoKey.ak, HUAWEICLOUD_SDK_SK: demoKey.sk };
const aws = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" };
const sources = [{ engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instances: "all" }];
const agency = { ak: "AGENCYKEY1", sk: "agency-secret-1", securityToken: "agency-token-1" };

/** A simulated API and a webhook, with the configuration in the image. */
async function harnessInImage(options: Parameters<typeof bridgeFolder>[0] = {}) {
  const harness = await bridgeFolder(options);
  image.add("bridge.config.json", await harness.read("bridge.config.json"));
  return harness;
}

describe("the container image", () => {
  it("runs as FunctionGraph's user, with one volume, and says its version", async () => {
    expect(image.config).toMatchObject({ User: "1003:1003", Volumes: { "/bridge/.bridge": {} } });
    expect(await image.start(["--version"]).ended).toEqual({ code: 0, out: "0.1.0\n", err: "" });
  });

  it("watches by default, in a read-only root, and its health check passes while it does", async () => {
    const harness = await harnessInImage();
    harness.task("bindInstancePublicIp");
    const watching = image.start(image.config.Cmd, environment);
    await watching.said("out", /EXECUTING/);
    const [kind, ...check] = image.config.Healthcheck.Test;
    expect(kind).toBe("CMD");
    expect(await image.exec(check).ended).toMatchObject({ code: 0, err: "" });
    watching.kill("SIGTERM");
    expect((await watching.ended).code).toBe(143);
    expect(harness.receiver.events()).toHaveLength(1);
    expect((await image.exec(check).ended).code).toBe(1);
  });

  it("is an event function of FunctionGraph", async () => {
    const harness = await harnessInImage({ agency });
    harness.task("bindInstancePublicIp");
    const command = image.start(["functiongraph", "--config", "/bridge/bridge.config.json", "--port", "0"]);
    const line = await command.said("out", /listening for FunctionGraph.*\n/);
    const { port } = JSON.parse(line.split("\n")[0] ?? "");
    const call = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers: {
          "x-cff-security-access-key": agency.ak,
          "x-cff-security-secret-key": agency.sk,
          "x-cff-security-token": agency.securityToken,
        },
        body: JSON.stringify({ version: "v1.0", trigger_type: "TIMER" }),
      });
    expect((await call("/init")).status).toBe(200);
    const answer = await call("/invoke");
    expect([answer.status, await answer.json()]).toMatchObject([200, { sinks: { ops: { accepted: 1 } } }]);
    expect(harness.receiver.events()).toHaveLength(1);
    command.kill("SIGTERM");
    expect((await command.ended).code).toBe(143);
  });

  it("plays the demo", async () => {
    const { code, out } = await image.start(["demo", "--once"], { TMPDIR: "/bridge/.bridge" }).ended;
    expect([code, out]).toEqual([0, expect.stringContaining("Every change arrived exactly once")]);
  });

  const reached = Object.keys(unreachableSinks) as (keyof typeof unreachableSinks)[];
  it("knows every sink type that leaves the machine", () => {
    const local = ["console", "custom", "file"];
    expect(reached.toSorted()).toEqual(
      Object.keys(sinkTypes)
        .filter((type) => !local.includes(type))
        .toSorted(),
    );
  });

  it.each(reached)("holds what the sink %s needs", async (type) => {
    image.add(
      "bridge.config.json",
      JSON.stringify({ sources, sinks: { it: { type, ...unreachableSinks[type] } } }),
    );
    const { out, err } = await image.start(["sink", "test", "it", "--json"], {
      ...environment,
      ...aws,
    }).ended;
    expect(err).toBe("");
    expect(JSON.parse(out).result).toMatchObject({ kind: "retry", reason: "network" });
  });

  const nobody = "http://127.0.0.1:1";
  it.each([
    ["postgres", { url: "postgres://u:p@127.0.0.1:1/x?sslmode=disable" }],
    ["bucket", { provider: "s3", endpoint: nobody, region: "eu-west-1", bucket: "records" }],
    ["dynamodb", { table: "records", endpoint: nobody }],
  ])("holds what the store %s needs", async (type, options) => {
    const checkpoint = { type, ...options };
    image.add(
      "bridge.config.json",
      JSON.stringify({ sources, checkpoint, sinks: { it: { type: "console" } } }),
    );
    const { code, err } = await image.start(["checkpoint", "show", "--json"], { ...environment, ...aws })
      .ended;
    expect([code, err]).toEqual([1, expect.stringMatching(/refuses connections .*\(STORE_FAILED/)]);
  });
});
