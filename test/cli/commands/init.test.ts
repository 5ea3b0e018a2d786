import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startSimulator } from "../../../lib/simulator/api.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import { startReceiver } from "../../../lib/simulator/receiver.ts";
import { folderWith, variable } from "../../config/sample.ts";
import { run, start } from "../../harness/cli.ts";

const flags = ["--engine", "kafka", "--region", "cn-north-4", "--to", "slack"];
const read = (folder: string, file: string) => readFile(path.join(folder, file), "utf8");

it("writes a configuration, an example of its variables, and says the next command", async () => {
  const folder = await folderWith({});
  const { code, out, err } = await run(["init", ...flags], { cwd: folder });
  expect([code, err]).toEqual([0, ""]);
  expect(await read(folder, "bridge.config.yaml")).toBe(`\
# yaml-language-server: $schema=./bridge.schema.json
sources:
  - engine: kafka
    region: cn-north-4
    projectId: ${variable("HUAWEICLOUD_SDK_PROJECT_ID")}
    instances: all
sinks:
  slack:
    type: slack
    url: ${variable("SLACK_URL")}
`);
  const variables = await read(folder, ".env.example");
  for (const name of ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID", "SLACK_URL"])
    expect(variables).toContain(`\n${name}=\n`);
  expect(JSON.parse(await read(folder, "bridge.schema.json"))).toHaveProperty("properties.sources");
  expect(out).toContain("$ dms-task-bridge validate\n");
  expect(await run(["validate"], { cwd: folder })).toMatchObject({ code: 0, err: "" });
});

it("writes them where --config says, and names it in the next commands", async () => {
  const folder = await folderWith({});
  await mkdir(path.join(folder, "deploy"));
  const { code, out } = await run(["init", ...flags, "--config", "deploy/dms.yaml"], { cwd: folder });
  expect([code, out]).toEqual([
    0,
    expect.stringContaining("$ dms-task-bridge --config deploy/dms.yaml validate\n"),
  ]);
  expect(await read(folder, "deploy/dms.yaml")).toContain("engine: kafka");
  expect(await read(folder, "deploy/.env.example")).toContain("SLACK_URL=");
  for (const file of ["away/dms.yaml", "dms.ts", "-"]) {
    const refused = await run(["init", ...flags, "--config", file], { cwd: folder });
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(/^error: --config: expected a .*\n$/),
    ]);
  }
});

it("names the schema of the installed package", async () => {
  const folder = await folderWith({});
  const schema = path.join(folder, "node_modules/dms-task-bridge/dist/schema");
  await mkdir(schema, { recursive: true });
  await mkdir(path.join(folder, "deploy"));
  await writeFile(path.join(schema, "config.json"), "{}");
  await run(["init", ...flags], { cwd: path.join(folder, "deploy") });
  expect(await read(folder, "deploy/bridge.config.yaml")).toContain(
    "$schema=../node_modules/dms-task-bridge/dist/schema/config.json\n",
  );
});

it.each(["bridge.config.yaml", "bridge.config.ts", ".env.example"])(
  "writes nothing over %s",
  async (name) => {
    const folder = await folderWith({ [name]: "mine" });
    const { code, err } = await run(["init", ...flags], { cwd: folder });
    expect([code, err]).toEqual([2, `error: --force: expected the flag, to write over it, found ${name}\n`]);
    expect(await read(folder, name)).toBe("mine");
    expect((await run(["init", ...flags, "--force"], { cwd: folder })).code).toBe(
      name.endsWith(".ts") ? 2 : 0,
    );
  },
);

it.each([
  [[], "--engine: expected one of rabbitmq, kafka, rocketmq, dcs, as there is no terminal to ask on"],
  [["--engine", "kafak"], "did you mean kafka?"],
  [["--engine", "kafka", "--region", "CN North"], "--region: expected a region such as cn-north-4"],
  [["--engine", "kafka", "--region", "r", "--to", "slak"], "did you mean slack?"],
])("refuses %j without a terminal, with one clear error", async (args, said) => {
  const folder = await folderWith({});
  const { code, out, err } = await run(["init", ...args], { cwd: folder });
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(said);
});

it("asks on a terminal for what the flags leave out, and again after a wrong answer", async () => {
  const folder = await folderWith({});
  const { code, out } = await run(["init", "--region", "eu-de"], {
    cwd: folder,
    columns: 60,
    input: "\nslak\nslack\n",
  });
  expect([code, out]).toEqual([0, expect.stringContaining("Not possible: slak (did you mean slack?)")]);
  expect(await read(folder, "bridge.config.yaml")).toMatch(
    /engine: rabbitmq\n {4}region: eu-de\n[\s\S]*type: slack/,
  );
});

it("leads from an empty folder to events: init, validate, send, poll, watch, status", async () => {
  const folder = await folderWith({});
  const where = { cwd: folder };
  const simulator = await startSimulator({ random: seededRandom(1) });
  const receiver = await startReceiver({});
  onTestFinished(async () => {
    await simulator.close();
    await receiver.close();
  });
  simulator.world.addInstance({ id: "i-1", engine: "rabbitmq", name: "orders", projectId: "p1" });
  const begun = await run(
    ["init", "--engine", "rabbitmq", "--region", "cn-north-4", "--to", "webhook"],
    where,
  );
  expect(begun).toMatchObject({ code: 0, err: "" });
  expect(await run(["validate"], where)).toMatchObject({ code: 0, err: "" });
  const sent = await run(["send", "--to", receiver.url], where);
  expect([sent.code, sent.out]).toEqual([0, expect.stringMatching(/^accepted/)]);

  // What its user fills in, and this machine in place of the cloud.
  const values: Readonly<Record<string, string>> = {
    HUAWEICLOUD_SDK_AK: demoKey.ak,
    HUAWEICLOUD_SDK_SK: demoKey.sk,
    HUAWEICLOUD_SDK_PROJECT_ID: "p1",
    WEBHOOK_URL: receiver.url,
  };
  const variables = (await read(folder, ".env.example")).replace(
    /^(\w+)=$/gm,
    (line, name) => `${line}${values[name]}`,
  );
  await writeFile(path.join(folder, ".env"), variables);
  const config = (await read(folder, "bridge.config.yaml"))
    .replace(/^( +)region: .*$/m, `$&\n$1endpoint: ${simulator.url}`)
    .replace(/^( +)type: webhook$/m, "$&\n$1allowPrivateNetwork: true");
  await writeFile(path.join(folder, "bridge.config.yaml"), config);
  const env = ["--env-file", ".env"];

  const polled = await run(["poll", ...env], where);
  expect([polled.code, polled.err]).toEqual([0, ""]);
  expect(polled.out).toContain("Nothing changed in 1 stream");
  const watching = start(["watch", "--interval", "200ms", ...env], where);
  const task = simulator.world.start({
    instance: "i-1",
    name: "bindInstancePublicIp",
    steps: [{ status: "EXECUTING", afterMs: 0 }],
  });
  await watching.said("out", /EXECUTING/);
  simulator.world.setStatus(task, "SUCCESS");
  await watching.said("out", /EXECUTING -> SUCCESS/);
  watching.kill("SIGINT");
  expect(await watching.ended).toMatchObject({
    code: 130,
    err: "Watching 1 source every 200 ms for webhook.\n",
  });
  const told = receiver.events().filter(({ subject }) => subject === task);
  expect(told.map(({ data }) => data.change.to)).toEqual(["EXECUTING", "SUCCESS"]);
  const seen = await run(["status", ...env], where);
  expect([seen.code, seen.out]).toEqual([0, expect.stringMatching(/^webhook +healthy/m)]);
});
