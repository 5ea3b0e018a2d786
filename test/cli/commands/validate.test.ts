import { execFile, execFileSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { withEnvFiles } from "../../../lib/cli/env-file.ts";
import { folderWith, variable } from "../../config/sample.ts";
import { run } from "../../harness/cli.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const shipped = (
  await Promise.all(
    ["examples", "deploy"].map(async (folder) =>
      (
        await readdir(path.join(root, folder), { recursive: true })
      )
        .filter((file) => /(^|\/)bridge\.config\.\w+$/.test(file))
        .map((file) => path.join(folder, file)),
    ),
  )
).flat();

const valid = `
sources:
  - { engine: kafka, region: cn-north-4, projectId: "\${PROJECT:-p1}", instances: all }
sinks:
  ops: { type: slack, url: "\${SLACK_URL}" }
`;
const wrong = valid.replace("kafka", "kafak").replace("slack,", "slack, langauge: en,");

describe("validate", () => {
  it("finds examples and deployments to check", () => {
    expect(shipped.length).toBeGreaterThan(6);
  });

  it.each(shipped)("accepts %s with an empty environment", async (file) => {
    const { code, out, err } = await run(["validate", file], { cwd: root });
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^valid {2}bridge\.config\.\w+: 1 source, [12] sinks?\n/);
  });

  it("says what it could not look at", async () => {
    const folder = await folderWith({ "bridge.config.yaml": valid });
    const { code, out } = await run(["validate"], { cwd: folder });
    expect([code, out]).toEqual([
      0,
      "valid  bridge.config.yaml: 1 source, 1 sink\n" +
        "Not checked: the values of SLACK_URL, HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK\n",
    ]);
  });

  it("ends with 2 and every mistake", async () => {
    const folder = await folderWith({ "bridge.config.yaml": wrong });
    const { code, out, err } = await run(["validate"], { cwd: folder });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("did you mean kafka?");
    expect(err).toContain("did you mean language?");
  });

  it("shows the line of a mistake in TypeScript, and of a status in a filter that is none", async () => {
    const module = `export default {
  sources: [{ engine: "kafak", region: "cn-north-4", projectId: "p", instances: "all" }],
  sinks: {
    ops: { type: "console", filter: { data: { change: { to: ["FAILD", "SOMETHING_ELSE"] } } } },
  },
};`;
    const folder = await folderWith({
      "bridge.config.ts": module,
      "broken.config.ts": "export default {\n  sinks: [,;\n};",
    });
    const { code, err } = await run(["validate"], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain(
      "bridge.config.ts:2:23 sources[0].engine: expected rabbitmq, kafka, rocketmq, dcs (did you mean kafka?)",
    );
    expect(err).toContain(
      `bridge.config.ts:4:62 sinks.ops.filter.data.change.to[0]: expected a known status (did you mean FAILED?), found "FAILD"`,
    );
    expect(err).toContain(`    2 |   sources: [{ engine: "kafak", region: cn-north-4`.slice(0, 30));
    expect(err.match(/^ +\| +\^$/gm)).toHaveLength(2);
    expect((await run(["validate", "broken.config.ts"], { cwd: folder })).err).toMatch(
      /^error: broken\.config\.ts:2:\d+: expected a module that loads/,
    );
  });

  it.each([
    [
      "await new Promise(() => {});\nexport default {};",
      "c.ts: expected a module that loads, found a promise",
    ],
    [
      "export default new Promise(() => {});",
      "c.ts:1:16 configuration: expected a module that loads, found a",
    ],
    ["export default Promise.reject(5);", "c.ts:1:16 configuration: expected a module that loads, found a"],
    ["export default () => () => ({});", "c.ts:1:16 configuration: expected an object, found a function"],
    ["export default undefined;", "c.ts:1:16 configuration: expected an object, found nothing"],
    [
      "import { absent } from 'node:fs';",
      `c.ts:1:10: expected a module that loads, found no export "absent" in "node:fs"`,
    ],
    ["const c = 5;\nexport { c as default };", "c.ts configuration: expected an object, found the number 5"],
  ])("names the file and the place of %j, and ends with 2", async (module, message) => {
    const folder = await folderWith({ "c.ts": module });
    const { code, out, err } = await run(["validate", "c.ts"], { cwd: folder });
    expect([code, out]).toEqual([2, ""]);
    expect(err.startsWith(`error: ${message}`), err).toBe(true);
  });

  it("finds the place of wrong syntax in JavaScript, which Node does not tell", async () => {
    const folder = await folderWith({ "c.mjs": "export default {\n  a: 'my secret' b };" });
    const { code, err } = await run(["validate", "c.mjs"], { cwd: folder });
    expect([code, err.split("\n")[0]]).toEqual([
      2,
      "error: c.mjs:2:18: expected a module that loads, found SyntaxError (see it with --debug)",
    ]);
  });

  it("prints one object with --json, valid or not", async () => {
    const folder = await folderWith({ "good.yaml": valid, "bad.yaml": wrong });
    const good = await run(["validate", "good.yaml", "--json"], { cwd: folder });
    expect(JSON.parse(good.out)).toEqual({
      valid: true,
      file: "good.yaml",
      issues: [],
      needs: ["SLACK_URL", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"],
    });
    const bad = await run(["validate", "bad.yaml", "--json"], { cwd: folder });
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.out)).toMatchObject({
      valid: false,
      file: "bad.yaml",
      issues: [{ field: "sources[0].engine" }, { field: "sinks.ops.langauge" }],
    });
  });

  it("reads stdin for -, as YAML or JSON", async () => {
    for (const input of [valid, JSON.stringify({ sources: [], sinks: {} })]) {
      const ended = await run(["validate", "-"], { input });
      expect(ended.code).toBe(input === valid ? 0 : 2);
    }
    const { code, err } = await run(["validate", "--config", "-"], { input: "sources: [\n" });
    expect(code).toBe(2);
    expect(err).toContain("stdin:2:1");
  });
});

const secretive = `
sources:
  - { engine: kafka, region: cn-north-4, projectId: p1, instances: all }
sinks:
  ops: { type: slack, url: "\${SLACK_URL}", filter: { data: { task: { status: ["\${STATUS}"] } } } }
  other: { type: webhook, url: "ssm:/not/reachable", secret: "\${OTHER}" }
  broken: { type: kafka }
`;

describe("a configuration that ends the process", () => {
  it.each([
    ["where it is loaded", "\nprocess.exit(0);", ":2:9"],
    [
      "in a timer",
      "setTimeout(process.exit, 1, 0);\nawait new Promise((end) => setTimeout(end, 60_000));",
      "",
    ],
    ["by waiting for nothing", "process.exitCode = 0;\nawait new Promise(() => {});", ""],
  ])("%s is an error that names it, for each command", async (_, code, position) => {
    const folder = await folderWith({ "own.config.mjs": `${code}\nexport default {};` });
    for (const command of ["validate", "poll"]) {
      const ended = await run([command, "-c", "own.config.mjs"], { cwd: folder });
      expect(ended).toMatchObject({ code: 2, out: "" });
      expect(ended.err).toMatch(new RegExp(`^error: own\\.config\\.mjs${position}: expected [^\n]+\n$`));
    }
  });

  it("after its command has ended changes no exit code", async () => {
    const folder = await folderWith({
      "own.config.mjs": "process.once('beforeExit', () => process.exit(0));\nexport default {};",
    });
    expect((await run(["validate", "-c", "own.config.mjs"], { cwd: folder })).code).toBe(2);
  });
});

describe("--env-file", () => {
  it("waits for no writer of a named pipe and reads no endless device", async () => {
    const folder = await folderWith({});
    execFileSync("sh", ["-c", "mkfifo pipe"], { cwd: folder });
    for (const file of ["pipe", "/dev/zero"])
      expect(() => withEnvFiles({}, [file], folder)).toThrow(
        `--env-file: expected a file, and not a named pipe, device or socket, found "${file}"`,
      );
    expect(withEnvFiles({}, ["/dev/null"], folder)).toEqual({});
  });

  it("adds variables; the environment and a later file win", async () => {
    const text = ["A", "B", "C"].map(variable).join(" ");
    const folder = await folderWith({
      "bridge.config.yaml": valid.replace("region: cn-north-4", `region: "${text}"`),
      "a.env": "A=of-a\nB=of-a\nC='of a'\n",
      "b.env": "# comment\nB=of-b\n",
    });
    const { err } = await run(["validate", "--env-file", "a.env", "--env-file", "b.env"], {
      cwd: folder,
      env: { C: "of the environment" },
    });
    const length = "of-a of-b of the environment".length;
    expect(err).toContain(`found ${JSON.stringify(text)}, a string of ${length} characters`);
  });

  it.each([
    ["no variable at all\n", 1],
    ["A=1\n# words\nB='x\ny'\n\nexport C=2\nsecret words\n", 7],
    ["=value\n", 1],
  ])("has only variables: %j is refused with its line", async (text, line) => {
    const folder = await folderWith({ "a.env": text });
    expect(() => withEnvFiles({}, ["a.env"], folder)).toThrow(`a.env:${line}: expected NAME=value`);
  });

  it("must be there, also where npm starts the command", async () => {
    const failed = await promisify(execFile)("npm", [
      "run",
      "-s",
      "bridge",
      "--",
      "poll",
      "--env-file",
      "absent.env",
    ]).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --env-file: .*absent\.env.*\n$/),
    });
  });

  it("must be there: Node, which reads the option too, or the command says so in one line", async () => {
    const { code, err } = await run(["poll", "--env-file", "absent.env"]);
    expect(code).not.toBe(0);
    expect(err).toMatch(/^.*absent\.env.*\n$/);
  });
});

it("sink test of a custom sink that throws says which class of error, and not its text", async () => {
  const folder = await folderWith({
    "bridge.config.yaml": secretive.replace("{ type: kafka }", "{ type: custom, module: ./sink.ts }"),
    "sink.ts": 'export default { deliver: async () => { throw new Error("token-of-mine"); } };',
  });
  const { code, out, err } = await run(["sink", "test", "broken"], { cwd: folder });
  expect(code).toBe(1);
  expect(out).toContain("broken: the sink threw Error (defect, ");
  expect(out + err).not.toMatch(/token-of-mine|bug in dms-task-bridge/);
});

it("validate names a custom sink's module that is missing, and no file of the product", async () => {
  const folder = await folderWith({
    "bridge.config.yaml": secretive.replace("{ type: kafka }", "{ type: custom, module: ./absent.ts }"),
  });
  const { code, err } = await run(["validate"], { cwd: folder });
  expect(code).toBe(2);
  expect(err).toMatch(
    /sinks\.broken\.module: expected a module that loads, found no module ".*absent\.ts"\n/,
  );
});

describe("a command for one sink", () => {
  const env = { SLACK_URL: "https://hooks.slack.com/services/T/B/x", STATUS: "FAILED" };

  it("needs no key of Huawei Cloud, and nothing of the other sinks", async () => {
    const folder = await folderWith({ "bridge.config.yaml": secretive });
    await mkdir(path.join(folder, "cards"));
    const explained = await run(["explain", "--sink", "ops"], { cwd: folder, env: { STATUS: "FAILED" } });
    expect(explained).toMatchObject({ code: 0, err: "" });
    const previewed = await run(["preview", "--sink", "ops", "--out", "cards"], { cwd: folder });
    expect(previewed).toMatchObject({ code: 0, err: "" });
    // Nothing is sent: the proxy is nowhere.
    const tested = await run(["sink", "test", "ops"], {
      cwd: folder,
      env: { ...env, HTTPS_PROXY: "http://127.0.0.1:1" },
    });
    expect(tested.code).toBe(1);
    expect(tested.out).toMatch(/^retry {2}ops: /);
  });

  it("names the sinks and the one that was meant", async () => {
    const folder = await folderWith({ "bridge.config.yaml": secretive });
    for (const args of [
      ["sink", "test", "opps"],
      ["explain", "--sink", "opps"],
      ["preview", "--sink", "opps"],
    ]) {
      const { code, err } = await run(args, { cwd: folder });
      expect(code).toBe(2);
      expect(err).toContain('a configured sink: ops, other, broken (did you mean ops?), found "opps"');
    }
  });

  it("is told of an unset variable that it needs", async () => {
    const folder = await folderWith({ "bridge.config.yaml": secretive });
    const explained = await run(["explain", "--sink", "ops"], { cwd: folder });
    expect(explained.code).toBe(2);
    expect(explained.err).toContain("the environment variable STATUS");
    const tested = await run(["sink", "test", "ops"], { cwd: folder });
    expect(tested.code).toBe(2);
    expect(tested.err).toContain("the environment variable SLACK_URL");
  });
});
