import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderWith, source } from "../../config/sample.ts";
import { run } from "../../harness/cli.ts";
import { sampleEvent } from "../../sinks/sample.ts";

const failuresOnly = { type: [{ suffix: ".failed" }, { suffix: ".overdue" }] };

/** A folder with a configuration: `all` has no filter, `ops` wants failures of tasks that took some time. */
async function setFolder() {
  const folder = await mkdtemp(join(tmpdir(), "bridge-explain-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = {
    sources: [{ engine: "kafka", region: "cn-north-4", projectId: "p1", instances: "all" }],
    sinks: {
      all: { type: "console" },
      ops: {
        type: "console",
        filter: { ...failuresOnly, data: { change: { durationMs: [{ numeric: [">", 9_000] }] } } },
      },
    },
  };
  await writeFile(join(folder, "bridge.config.json"), JSON.stringify(config));
  await writeFile(join(folder, "event.json"), JSON.stringify(sampleEvent()));
  await writeFile(join(folder, "broken.json"), '{\n"id":oops\n}');
  const env = { HUAWEICLOUD_SDK_AK: "ak", HUAWEICLOUD_SDK_SK: "sk" };
  return {
    write: (file: string, text: string) => writeFile(join(folder, file), text),
    explain: (args: readonly string[] = [], input = "") =>
      run(["explain", ...args], { cwd: folder, env, input }),
  };
}

describe("explain", () => {
  it("shows for every sink what its filter asked of the sample event, what is there, and what passed", async () => {
    const { explain } = await setFolder();
    const { code, out, err } = await explain(["--status", "FAILED"]);
    expect([code, err]).toEqual([0, ""]);
    const [event, ...lines] = out.split("\n");
    expect(event).toMatch(
      /^event sample-instance\/sample-task\/FAILED\/\d+ {2}com\.huaweicloud\.dms\.task\.failed$/,
    );
    expect(lines.map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
      "",
      "all takes it: it has no filter",
      "",
      "ops takes it",
      "  FIELD  FOUND  EXPECTED",
      '  ✓  type  "com.huaweicloud.dms.task.failed"  [{"suffix":".failed"},{"suffix":".overdue"}], passed by {"suffix":".failed"}',
      '  ✓  data.change.durationMs  42000  [{"numeric":[">",9000]}]',
      "",
    ]);
  });

  it("tries an outage of a stream, too", async () => {
    const { explain } = await setFolder();
    const { code, out } = await explain(["--sink", "ops", "--status", "UNREADABLE"]);
    expect(code).toBe(0);
    expect(out).toContain("com.huaweicloud.dms.stream.unreadable");
    expect(out).toMatch(/ops leaves it out/);
  });

  it("says which fields keep an event out", async () => {
    const { explain } = await setFolder();
    const { code, out } = await explain(["--sink", "ops", "--event", "event.json", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      event: { id: sampleEvent().id, type: sampleEvent().type },
      sinks: [
        {
          sink: "ops",
          matches: false,
          checks: [
            {
              field: "type",
              expected: '[{"suffix":".failed"},{"suffix":".overdue"}]',
              found: '"com.huaweicloud.dms.task.succeeded"',
              passed: false,
              by: null,
            },
            {
              field: "data.change.durationMs",
              expected: '[{"numeric":[">",9000]}]',
              found: "5000",
              passed: false,
              by: null,
            },
          ],
        },
      ],
    });
    const readable = await explain(["--event", "event.json"]);
    expect(readable.out).toContain("ops leaves it out\n");
    expect(readable.out).toContain("  ✗  data.change.durationMs");
  });

  it("reads the event from stdin", async () => {
    const { explain } = await setFolder();
    const { code, out } = await explain(["--event", "-"], JSON.stringify(sampleEvent(7)));
    expect(code).toBe(0);
    expect(out).toContain(`event ${sampleEvent(7).id}`);
  });

  it("shortens a long pattern for a reader, and gives all of it to a script", async () => {
    const { explain, write } = await setFolder();
    const ids = Array.from({ length: 100 }, (_, index) => `task-${index}`);
    const config = {
      sources: [{ engine: "kafka", region: "cn-north-4", projectId: "p1", instances: "all" }],
      sinks: { some: { type: "console", filter: { subject: [...ids, "sample-task"] } } },
    };
    await write("bridge.config.json", JSON.stringify(config));
    expect((await explain()).out).toMatch(/ {2}\["task-0",.{65,70}…, passed by "sample-task"\n/);
    const [sink] = JSON.parse((await explain(["--json"])).out).sinks;
    expect(JSON.parse(sink.checks[0].expected)).toHaveLength(101);
  });

  it("makes what an event holds harmless for a terminal", async () => {
    const { explain, write } = await setFolder();
    await write("evil.json", JSON.stringify({ ...sampleEvent(), type: "\u001b[31m\nops takes it" }));
    const { out } = await explain(["--event", "evil.json"]);
    expect(out).not.toContain("\u001b");
    expect(out).not.toMatch(/^ops takes it/m);
  });

  it.each<readonly [args: readonly string[], said: string]>([
    [["--sink", "opps"], '--sink: expected a configured sink: all, ops (did you mean ops?), found "opps"'],
    [["--event", "none.json"], '--event: expected a file that can be read (ENOENT), found "none.json"'],
    [
      ["--event", "-"],
      '--event: expected one event as JSON: an object with the texts id and type, found "-"',
    ],
    [["--status", "DONE"], "--status: expected a status: CREATED, EXECUTING, SUCCESS, FAILED"],
    [["--event", "broken.json"], "broken.json:2:6: expected JSON, found a word that is not in quotes"],
    [["--status", "FAILED", "--event", "-"], "--status: expected no status beside --event"],
  ])("refuses %j with one clear error", async (args, said) => {
    const { explain } = await setFolder();
    const { code, out, err } = await explain(args, "[]");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(said);
  });

  it("loads the engine of templates only where the configuration has one", async () => {
    const tellsWhatItLoads = `data:text/javascript,import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => { process.stderr.write(url + "\\n"); return next(url, context); } });`;
    const loadsEngine = async (options: object) => {
      const hook = { type: "webhook", url: "https://hooks.example.com/x", ...options };
      const config = JSON.stringify({ sources: [source], sinks: { hook } });
      const cwd = await folderWith({ "bridge.config.json": config });
      const { code, err } = await run(["explain"], { cwd, nodeOptions: ["--import", tellsWhatItLoads] });
      expect(code).toBe(0);
      return err.includes("/liquidjs/");
    };
    expect(await loadsEngine({})).toBe(false);
    expect(await loadsEngine({ body: "{{ event | json }}" })).toBe(true);
  });
});
