import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { asyncApiDocument } from "../../lib/change/asyncapi.ts";
import { key } from "../harness/api.ts";
import { type BridgeFolder, bridgeFolder, secrets } from "../harness/bridge.ts";
import { type Ended, run } from "../harness/cli.ts";
import { sinkSummary } from "../status/sample.ts";

const ok = sinkSummary();

/** Runs a command with `--json` and reads its one object. */
async function json(
  harness: BridgeFolder,
  ...args: readonly string[]
): Promise<{ code: number | null; value: unknown }> {
  const { code, out } = await harness.run(...args, "--json");
  return { code, value: JSON.parse(out) };
}

function expectNoSecrets({ out, err }: Ended): void {
  for (const secret of Object.values(secrets)) expect(out + err).not.toContain(secret);
}

describe("poll", () => {
  it("delivers what changed and prints the contract's object; a second one has nothing to do", async () => {
    const harness = await bridgeFolder();
    const task = harness.task("bindInstancePublicIp");
    expect(await json(harness, "poll")).toMatchObject({
      code: 0,
      value: {
        runId: expect.any(String),
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        durationMs: expect.any(Number),
        streams: [{ key, tasks: 1, changes: 1, error: null }],
        sinks: { ops: { ...ok, accepted: 1 } },
      },
    });
    expect(await json(harness, "poll")).toMatchObject({
      code: 0,
      value: { streams: [{ key, tasks: 1, changes: 0, error: null }], sinks: { ops: ok } },
    });
    expect(harness.receiver.events().map(({ subject }) => subject)).toEqual([task]);
    expect(harness.receiver.deliveries.map(({ verified }) => verified)).toEqual([true]);
  });

  it("prints tables without escape codes or secrets in a pipe", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    const ended = await harness.run("poll", "--log-level", "debug");
    expect(ended.code).toBe(0);
    expect(ended.out).toContain("1 change in 1 stream");
    expect(ended.out).not.toContain("\x1b");
    expectNoSecrets(ended);
  });

  it("ends with 1 when a stream cannot be read, and says which", async () => {
    const harness = await bridgeFolder({ sk: "another-secret-key" });
    const ended = await harness.run("poll");
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/Could not read rabbitmq\/cn-north-4\/p1\/.*\(unauthorized\)/);
    expect(ended.out + ended.err).not.toContain("another-secret-key");
    expectNoSecrets(ended);
  });

  it("ends with 0 while a delivery waits for its retry", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 503 }) });
    harness.task("bindInstancePublicIp");
    const ended = await harness.run("poll");
    expect(ended.code).toBe(0);
    expect(ended.out).toContain("1 delivery to ops will be tried again.");
    expectNoSecrets(ended);
  });

  it("ends with 2 where there is no configuration", async () => {
    const harness = await bridgeFolder();
    const { code, out, err } = await harness.run("poll", "--config", "nowhere.json");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("nowhere.json");
  });

  it("ends with 2 for a configuration that is not valid, and names everything that is wrong", async () => {
    const harness = await bridgeFolder();
    await harness.write(
      "wrong.yaml",
      `
sources:
  - engine: rabbitmq
    region: cn-north-4
    projectId: \${NOT_SET}
    instances: []
sinks: {}
`,
    );
    const { code, out, err } = await harness.run("poll", "--config", "wrong.yaml");
    expect([code, out]).toEqual([2, ""]);
    for (const named of ["NOT_SET", "sources[0].instances", "sinks"]) expect(err).toContain(named);
  });
});

describe("dead letters", () => {
  it("of a removed sink are told by the run that gave them up, and by list and redrive", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 503 }) });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const config = JSON.parse(await harness.read("bridge.config.json"));
    const sinks = { ops2: config.sinks.ops };
    await harness.write("bridge.config.json", JSON.stringify({ ...config, sinks }));
    const waiting = await harness.run("status");
    expect(waiting.out).toMatch(/^ops +removed +- +1 +\S.* +next run$/m);
    expect(waiting.out).toMatch(/^ops\n {2}do: {3}configure a sink named ops again before the next run/m);
    const ended = await harness.run("poll");
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/^ +0 +0 +1 +0 {2}ops$/m);
    expect(ended.out).toContain("Gave up 1 delivery to ops. Why: the sink is not configured any more.");
    expect(ended.out).toContain("dead-letters list --sink ops");
    expect((await harness.run("status")).out).toContain("1 dead letter of ops. List them: ");
    const why = "ops is not configured, and 1 dead letter of it cannot be redriven";
    const listed = await harness.run("dead-letters", "list");
    expect(listed.out).toContain(why);
    expect(listed.out).not.toContain("Deliver again with");
    for (const more of [[], ["--dry-run"]]) {
      const redriven = await harness.run("dead-letters", "redrive", ...more);
      expect(redriven.out).toContain(why);
      expect(redriven.out).not.toContain("No dead letters");
    }
  });

  it("are listed, redriven and purged", async () => {
    let status = 422;
    const harness = await bridgeFolder({ respond: () => ({ status }) });
    const task = harness.task("bindInstancePublicIp");
    expect(await json(harness, "poll")).toMatchObject({
      code: 1,
      value: { sinks: { ops: { deadLettered: 1 } } },
    });
    expect(await json(harness, "dead-letters", "list")).toMatchObject({
      code: 0,
      value: { deadLetters: [{ sink: "ops", reason: "rejected", attempts: 1, event: { subject: task } }] },
    });
    const listed = await harness.run("dead-letters", "list");
    expect(listed.out).toMatch(/ops +rejected +1 +bindInstancePublicIp +EXECUTING/);
    expectNoSecrets(listed);
    expect((await harness.run("dead-letters", "list", "--sink", "other")).out).toBe("No dead letters.\n");

    status = 204;
    expect(await json(harness, "dead-letters", "redrive")).toEqual({
      code: 0,
      value: { redriven: 1, left: 0 },
    });
    expect(await json(harness, "poll")).toMatchObject({
      code: 0,
      value: { sinks: { ops: { accepted: 1 } } },
    });

    status = 422;
    harness.simulator.world.setStatus(task, "SUCCESS");
    await harness.run("poll");
    const unasked = await harness.run("dead-letters", "purge");
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain("--yes");
    expect((await harness.run("dead-letters", "purge", "--yes")).out).toBe("1 dead letter deleted.\n");
    expect(await json(harness, "dead-letters", "list")).toMatchObject({ value: { deadLetters: [] } });
  });
});

describe("a redrive of more than a backlog may hold", () => {
  it("says how many stay, and brings those back the next time", async () => {
    let status = 422;
    const harness = await bridgeFolder({ respond: () => ({ status }), delivery: { maxBacklog: 2 } });
    for (const name of ["one", "two", "three"]) {
      harness.task(name);
      await harness.run("poll");
    }
    status = 204;
    expect((await harness.run("dead-letters", "redrive")).out).toBe(
      "2 deliveries back in order; the next poll tries again, a warm function within five minutes.\n1 dead letter left: the record of the stream has no room for more now. Redrive again when what waits there is delivered.\n",
    );
    await harness.run("poll");
    expect(await json(harness, "dead-letters", "redrive")).toMatchObject({ value: { redriven: 1, left: 0 } });
    await harness.run("poll");
    const told = harness.receiver.events().map(({ data }) => data.task.name);
    expect(told.slice(-3)).toEqual(["one", "two", "three"]);
  });
});

describe("tasks", () => {
  it("shows what the API has, newest first, and what is still open", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp", "SUCCESS");
    harness.task("unbindInstancePublicIp");
    const all = await harness.run("tasks");
    expect(all.code).toBe(0);
    expect(all.out).toMatch(/^ *AGE +STATUS +TASK +USER +UPDATED +ID +INSTANCE\n/);
    expect(all.out).toMatch(/SUCCESS +bindInstancePublicIp +operator .* orders\n/);
    expect(await json(harness, "tasks", "--open", "--since", "1h")).toMatchObject({
      code: 0,
      value: { tasks: [{ stream: key, name: "unbindInstancePublicIp", status: "EXECUTING" }], errors: [] },
    });
  });

  it("shows those of a span, by durations or instants, and asks the API for no others", async () => {
    const harness = await bridgeFolder();
    harness.task("modify");
    const instant = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();
    const within = await json(harness, "tasks", "--since", instant(-3_600_000), "--until", instant(60_000));
    expect(within).toMatchObject({ value: { tasks: [{ name: "modify" }] } });
    expect(await json(harness, "tasks", "--until", "1h")).toMatchObject({ value: { tasks: [] } });
    const lists = harness.simulator.requests.filter(({ operation }) => operation === "ListBackgroundTasks");
    expect(lists.map(({ query }) => query["end_time"])).toEqual([
      expect.stringMatching(/^\d{14}$/),
      expect.stringMatching(/^\d{14}$/),
    ]);
  });

  it("cannot be made to send an escape sequence by a task's name", async () => {
    const harness = await bridgeFolder();
    harness.task("\x1b]0;owned\x07evil\x9b2J");
    for (const args of [["tasks"], ["tasks", "--json"]]) {
      const { out } = await harness.run(...args);
      expect(out).toContain("evil");
      expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }
  });

  it("shows the others' tasks while one source is down, and names it", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    const { sources, ...rest } = JSON.parse(await harness.read("bridge.config.json"));
    const down = { ...sources[0], projectId: "p2", credentials: { ak: "unknown", sk: "wrong" } };
    await harness.write("bridge.config.json", JSON.stringify({ ...rest, sources: [down, ...sources] }));
    expect(await json(harness, "tasks")).toMatchObject({
      code: 1,
      value: {
        tasks: [{ stream: key, name: "bindInstancePublicIp" }],
        errors: [{ stream: expect.stringContaining("p2"), code: "unauthorized" }],
      },
    });
    const { out, err } = await harness.run("tasks");
    expect(out).toContain("bindInstancePublicIp");
    expect(err).toMatch(/cannot read .*p2.*unauthorized/);
  });

  it("ends with 1 when a stream cannot be read, and with 2 for a stream that is not there", async () => {
    const harness = await bridgeFolder();
    expect(await harness.run("tasks", "--stream", "nowhere")).toMatchObject({
      code: 2,
      err: `error: --stream: expected a stream's key, or its instance's id, first 6 characters or name: ${key}, found "nowhere"\n`,
    });
    harness.simulator.faults.on("unauthorized", { operation: "ListBackgroundTasks" });
    expect(await json(harness, "tasks")).toMatchObject({
      code: 1,
      value: { tasks: [], errors: [{ stream: key, code: "unauthorized" }] },
    });
  });
});

describe("checkpoint", () => {
  it("shows the record, and forgets it when told so", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 401 }) });
    expect((await harness.run("checkpoint", "show")).out).toBe(
      "No checkpoint yet: the first poll writes it.\n",
    );
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    expect(await json(harness, "checkpoint", "show", key)).toMatchObject({
      code: 0,
      value: {
        checkpoints: [
          {
            key,
            known: 1,
            open: 1,
            outbox: 1,
            pending: { ops: 1 },
            breakers: { ops: { kind: "blocked", reason: "unauthorized" } },
          },
        ],
      },
    });
    expect((await harness.run("checkpoint", "show")).out).toContain("ops is blocked (unauthorized) since ");
    expect(await harness.run("checkpoint", "reset")).toMatchObject({ code: 2, out: "" });
    expect((await harness.run("checkpoint", "reset", key, "--yes")).out).toBe("1 checkpoint reset.\n");
    expect(await json(harness, "checkpoint", "show")).toEqual({
      code: 0,
      value: { checkpoints: [], failed: [] },
    });
  });

  it("shows the others where one record cannot be read, whose error it names, and doctor says how to give it up", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const other = "rabbitmq/cn-north-4/p1/other";
    const sql = new DatabaseSync(join(harness.folder, ".bridge", "bridge.db"));
    sql.exec(`INSERT INTO checkpoint SELECT '${other}', version, record, active_ms FROM checkpoint`);
    sql.close();
    const message = expect.stringContaining(`checkpoint ${other}: the record of another stream: ${key}`);
    const shown = await harness.run("checkpoint", "show");
    expect(shown).toMatchObject({ code: 1, err: message });
    expect(shown.out).toContain(key);
    const { code, value } = await json(harness, "checkpoint", "show");
    expect(code).toBe(1);
    expect(value).toMatchObject({
      checkpoints: [{ key }],
      failed: [{ key: other, error: { code: "STORE_FAILED", message } }],
    });
    const { out } = await harness.run("doctor");
    expect(out).toContain(`records: 1 of 2 records cannot be read, first ${other}: `);
    expect(out).toContain(`checkpoint reset ${other}\n`);
    expect(await harness.run("checkpoint", "reset", other, "--yes")).toMatchObject({ code: 0 });
    expect((await harness.run("checkpoint", "show")).code).toBe(0);
  });
});

describe("sink test", () => {
  it("sends one marked sample and says how it went", async () => {
    let status = 204;
    const harness = await bridgeFolder({ respond: () => ({ status }) });
    const accepted = await harness.run("sink", "test", "ops");
    expect(accepted).toMatchObject({ code: 0, err: "" });
    expect(accepted.out).toMatch(
      /^accepted {2}ops took sample event sample-instance\/sample-task\/SUCCESS\/\d+ in /,
    );
    expect(harness.receiver.deliveries).toMatchObject([
      { verified: true, events: [{ subject: "sample-task" }] },
    ]);

    status = 404;
    const refused = await harness.run("sink", "test", "ops");
    expect(refused.code).toBe(1);
    expect(refused.out).toMatch(/^blocked {2}ops: .*\(not_found, /);
    expectNoSecrets(refused);
  });

  it("names the sinks there are when asked for another", async () => {
    const harness = await bridgeFolder();
    expect(await harness.run("sink", "test", "opps")).toEqual({
      code: 2,
      out: "",
      err: 'error: NAME: expected a configured sink: ops (did you mean ops?), found "opps"\n',
    });
  });
});

describe("schema", () => {
  it.each(["config", "event"])("%s is JSON Schema", async (name) => {
    const harness = await bridgeFolder();
    const { code, out, err } = await harness.run("schema", name);
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
    });
  });

  it("prints the AsyncAPI document", async () => {
    const { code, out } = await run(["schema", "asyncapi"]);
    expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(asyncApiDocument()))]);
  });
});
