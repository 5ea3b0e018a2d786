import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { apiKey, atOnce, instance, key } from "../../harness/api.ts";
import { type BridgeFolder, bridgeFolder, secrets } from "../../harness/bridge.ts";
import { run } from "../../harness/cli.ts";

/** Answers of the receiver, by request; the last goes on. */
const answering = (...statuses: readonly number[]) => {
  let requests = 0;
  return () => ({
    status: statuses[Math.min(requests++, statuses.length - 1)] ?? 200,
    body: "busy, try later",
  });
};

/** The objects of JSON lines. */
const jsonLines = (out: string): readonly Record<string, unknown>[] =>
  out
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function jsonOf(harness: BridgeFolder, ...args: readonly string[]) {
  const { code, out } = await harness.run(...args, "--json");
  return { code, value: JSON.parse(out) };
}

/** Runs a command on a terminal. */
const inTerminal = (
  { folder }: BridgeFolder,
  args: readonly string[],
  options: { readonly input?: string; readonly columns?: number },
) => run(args, { cwd: folder, env: apiKey, columns: 80, ...options });

describe("task", () => {
  it("tells a task's whole story by six characters: who, params masked, each attempt and what the sink said", async () => {
    const harness = await bridgeFolder({ respond: answering(503, 200) });
    const id = harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    expect((await harness.run("task", id.slice(-6))).out).toMatch(/pending/);
    await harness.run("poll");
    const { code, out, err } = await harness.run("task", id.slice(-6));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(id);
    expect(out).toContain(`orders (${key})`);
    expect(out).toMatch(/user {6}\S+/);
    expect(out).toMatch(/params {4}\S+/);
    expect(out).toMatch(/FAILED {2}\d{4}-/);
    expect(out).toMatch(/ops {2}retried.*\n.*HTTP 503.*busy, try later.*server_error/);
    expect(out).toMatch(/ops {2}accepted.*attempt 2/);
    expect(out).not.toContain("pending");
    expect(out).not.toContain(secrets.path);
    const { value } = await jsonOf(harness, "task", id.slice(0, 8));
    expect(value).toMatchObject({
      id,
      stream: key,
      events: [
        {
          status: "FAILED",
          from: null,
          sinks: ["ops"],
          deliveries: [
            { sink: "ops", outcome: "retried", attempt: 1, httpStatus: 503, reason: "server_error" },
            { sink: "ops", outcome: "accepted", attempt: 2, detail: null },
          ],
          pending: [],
        },
      ],
    });
    expect(JSON.stringify(value.events[0].event)).toBe(JSON.stringify(harness.receiver.events()[0]));
  });

  it("shows a task without an event as the API has it, with its secrets masked, and says so", async () => {
    const harness = await bridgeFolder();
    const id = harness.task("bindInstancePublicIp", "FAILED");
    const { code, out } = await harness.run("task", id.slice(-6));
    expect(code).toBe(0);
    expect(out).toContain(`${id}  bindInstancePublicIp`);
    expect(out).toContain(`orders (${key})`);
    expect(out).toMatch(/status {4}FAILED since \d{4}-/);
    expect(out).toMatch(/from {6}the API, as it is now/);
    const { value } = await jsonOf(harness, "task", id);
    expect(value).toMatchObject({ id, from: "api", stream: key, task: { status: "FAILED" }, events: [] });
    expect(harness.receiver.deliveries).toEqual([]);
    await harness.run("poll");
    expect((await jsonOf(harness, "task", id)).value.from).toBe("store");
  });

  it("says that an event is parked beside the record, and names what of both is damaged", async () => {
    const harness = await bridgeFolder({ respond: answering(503), delivery: { maxBacklog: 1 } });
    harness.task("bindInstancePublicIp", "SUCCESS", 5_000);
    await harness.run("poll");
    const id = harness.task("bindInstancePublicIp", "SUCCESS");
    await harness.run("poll");
    expect((await harness.run("task", id)).out).toMatch(/ops {2}pending parked beside the record/);
    const { value } = await jsonOf(harness, "task", id);
    expect(value.events).toMatchObject([{ pending: [{ sink: "ops", attempts: 0, isParked: true }] }]);
    for (const damage of [
      "parked SET batch = substr(batch, 9)",
      "checkpoint SET record = substr(record, 9)",
    ]) {
      const database = new DatabaseSync(path.join(harness.folder, ".bridge", "bridge.db"));
      database.exec(`UPDATE ${damage}`);
      database.close();
      const { code, out, err } = await harness.run("task", id);
      expect([code, out]).toEqual([0, expect.stringContaining(`orders (${key})`)]);
      expect(err).toMatch(/^cannot read rabbitmq.*checksum/);
    }
  });

  it("names the API's error for a task that nothing knows", async () => {
    const harness = await bridgeFolder();
    harness.simulator.faults.on("html", { operation: "ListBackgroundTasks" });
    const { code, err } = await harness.run("task", "000000000000");
    expect(code).toBe(2);
    expect(err).toContain(`cannot read ${key}: `);
  });

  it("says which task is meant where none or several are, and asks for six characters", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    for (const [id, message] of [
      ["000000000000", /ID: expected a task that the journal, a record or the API knows/],
      ["abc", /at least 6 characters/],
    ] as const) {
      const { code, err } = await harness.run("task", id);
      expect(code).toBe(2);
      expect(err).toMatch(message);
    }
  });

  it("takes no short id that fits tasks of different sources: the journal, a record, the API", async () => {
    const harness = await bridgeFolder();
    const start = (id: string) =>
      harness.simulator.world.start({
        instance: instance.id,
        name: "createTopic",
        id,
        steps: atOnce("SUCCESS"),
      });
    const journaled = start("abcdef-journaled");
    await harness.run("poll");
    const alone = await run(["task", "abcdef"], { cwd: harness.folder });
    expect(alone).toMatchObject({ code: 0, out: expect.stringContaining(journaled) });
    expect(alone.err).toMatch(
      /^warning: abcdef may fit other tasks: the API was not asked, which needs sources/,
    );
    const other = start("abcdef-other");
    const fitsBoth = {
      code: 2,
      out: "",
      err: expect.stringContaining(`this fits ${journaled} and ${other}`),
    };
    expect(await harness.run("task", "abcdef")).toMatchObject(fitsBoth);
    expect((await harness.run("task", other)).out).toContain("the API, as it is now");
    await harness.run("poll");
    const database = new DatabaseSync(path.join(harness.folder, ".bridge", "bridge.db"));
    database.prepare("DELETE FROM journal WHERE task = ?").run(other);
    database.close();
    harness.simulator.faults.on("html", { operation: "ListBackgroundTasks" });
    expect(await harness.run("task", "abcdef")).toMatchObject(fitsBoth);
    expect((await harness.run("task", other)).out).toMatch(
      /status {4}SUCCESS since \d{4}-[\s\S]*from {6}its stream's record, which has no event of it/,
    );
    expect((await jsonOf(harness, "task", journaled)).value).toMatchObject({ id: journaled, from: "store" });
  });

  it("tells what is known of an event that the journal no longer has: by the API, a dead letter, or its id", async () => {
    const harness = await bridgeFolder({ respond: answering(400, 200) });
    const given = harness.task("bindInstancePublicIp", "FAILED", 60_000);
    await harness.run("poll");
    const taken = harness.task("createTopic", "SUCCESS");
    await harness.run("poll");
    const database = new DatabaseSync(path.join(harness.folder, ".bridge", "bridge.db"));
    database.exec("DELETE FROM journal WHERE kind = 'event'");
    database.close();
    const gone = /SUCCESS {2}\d{4}-\S+ \S+ {2}the journal no longer has its event\n {2}ops {2}accepted/;
    const byApi = await harness.run("task", taken);
    expect(byApi.out).toMatch(new RegExp(`^${taken} {2}createTopic\n`));
    expect(byApi.out).toMatch(gone);
    const byId = await run(["task", taken], { cwd: harness.folder });
    expect([byId.code, byId.err]).toEqual([0, ""]);
    expect(byId.out).toMatch(new RegExp(`^${taken} {2}\\(its name is not kept\\)\n`));
    expect(byId.out).toMatch(gone);
    const byLetter = await run(["task", given], { cwd: harness.folder });
    expect(byLetter).toMatchObject({ code: 0, err: "" });
    expect(byLetter.out).toMatch(new RegExp(`^${given} {2}bindInstancePublicIp\n`));
    expect(byLetter.out).toMatch(/FAILED {2}\d{4}-\S+ \S+\n {2}ops {2}dead-lettered/);
  });

  it("tells what a record and the API know where the journal is off, and says that it is", async () => {
    const harness = await bridgeFolder({ respond: answering(503, 503, 200) });
    const config = JSON.parse(await harness.read("bridge.config.json"));
    await harness.write("bridge.config.json", JSON.stringify({ ...config, journal: { enabled: false } }));
    const id = harness.task("bindInstancePublicIp", "FAILED");
    const api = await harness.run("task", id.slice(-6));
    expect([api.code, api.out]).toEqual([
      0,
      expect.stringMatching(/from {6}the API, as it is now: no record has/),
    ]);
    await harness.run("poll");
    const { code, out, err } = await harness.run("task", id.slice(-6));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/journal {3}off, so only what is pending is known: set journal\.enabled to true/);
    expect(out).toMatch(/ops {2}pending after \d attempt/);
    expect((await jsonOf(harness, "task", id)).value).toMatchObject({ from: "store", isJournaled: false });
    const none = await harness.run("task", "000000000000");
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining("a task that a record or the API knows"),
    ]);
    const events = await harness.run("events");
    expect([events.code, events.err]).toEqual([2, expect.stringContaining("journal.enabled")]);
  });

  it("names parked deliveries that are missing from the store; a replay's plan does, too", async () => {
    const harness = await bridgeFolder({ respond: answering(503), delivery: { maxBacklog: 1 } });
    harness.task("bindInstancePublicIp", "SUCCESS", 5_000);
    await harness.run("poll");
    const id = harness.task("bindInstancePublicIp", "SUCCESS");
    await harness.run("poll");
    const database = new DatabaseSync(path.join(harness.folder, ".bridge", "bridge.db"));
    database.exec("DELETE FROM parked");
    database.close();
    for (const args of [
      ["task", id],
      ["replay", "--since", "1h", "--dry-run"],
    ])
      expect((await harness.run(...args)).err).toMatch(
        /^cannot read rabbitmq\S+: 1 delivery parked for ops is missing from the store/,
      );
  });
});

describe("events", () => {
  it("shows each event with its deliveries, by time, sink and status", async () => {
    const harness = await bridgeFolder({ respond: answering(400) });
    await harness.addSink("file", { type: "file", path: "events.jsonl" });
    const id = harness.task("bindInstancePublicIp", "FAILED");
    harness.task("createTopic", "SUCCESS");
    await harness.run("poll");
    const { code, out } = await harness.run("events", "--since", "1h", "--status", "failed");
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`FAILED  bindInstancePublicIp  ${id.slice(-6)}  orders`));
    expect(out).toMatch(/ops {2}dead-lettered: HTTP 400.*\(rejected\)/);
    expect(out).toMatch(/file {2}accepted/);
    expect(out).not.toContain("createTopic");
    expect((await harness.run("events", "--sink", "file")).out).not.toContain("ops");
    expect((await harness.run("events", "--since", "2030-01-01T00:00:00Z")).out).toContain("No event since");
    const { err } = await harness.run("events", "--sink", "fil");
    expect(err).toMatch(/a configured sink: ops, file.*did you mean file/i);
  });

  it("prints one JSON object a line, with the events as they were sent", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const [event, delivery, ...others] = jsonLines((await harness.run("events", "--json")).out);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ kind: "event", stream: key, sinks: ["ops"], at: expect.any(String) });
    expect(event?.["event"]).toEqual(harness.receiver.events()[0]);
    expect(delivery).toMatchObject({ kind: "delivery", sink: "ops", outcome: "accepted", attempt: 1 });
  });

  it("follows what another process emits and delivers, and ends at a signal", async () => {
    const harness = await bridgeFolder();
    const following = harness.start("events", "--follow", "--since", "1m", "--json");
    const lines = harness.start("events", "--follow", "--since", "1m");
    const task = harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const json = await following.said("out", /"outcome":"accepted"/);
    expect(jsonLines(json).map(({ kind }) => kind)).toEqual(["event", "delivery"]);
    expect(await lines.said("out", /ops: accepted/)).toContain(task.slice(-6));
    following.kill("SIGINT");
    lines.kill("SIGTERM");
    expect((await following.ended).code).toBe(130);
    expect((await lines.ended).code).toBe(143);
  });

  it("fits a terminal of 60 columns", async () => {
    const harness = await bridgeFolder({ respond: answering(503) });
    harness.task("bindInstancePublicIpWithAVeryLongName".repeat(3), "FAILED");
    await harness.run("poll");
    const { out } = await inTerminal(harness, ["events"], { columns: 60 });
    const shown = out.split(/\r?\n/).filter((line) => /FAILED|ops/.test(line));
    expect(shown).toHaveLength(2);
    for (const line of shown) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe("replay", () => {
  it("shows the plan, and sends nothing with --dry-run or without an answer", async () => {
    const harness = await bridgeFolder();
    const id = harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    const dry = await harness.run("replay", "--since", "1h", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.out).toMatch(/Replay to ops: 1 event of 1 task, from the journal/);
    expect(dry.out).toContain(id.slice(-6));
    expect(dry.out).toMatch(
      /The journal's first event is of \d{4}-.*: older ones were never recorded, or are deleted/,
    );
    const unasked = await harness.run("replay", "--since", "1h");
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain("--yes");
    expect(harness.receiver.events()).toHaveLength(1);
  });

  it("sends the same events with the same ids and bytes, and changes no record", async () => {
    const harness = await bridgeFolder();
    const first = harness.task("bindInstancePublicIp", "FAILED");
    harness.task("createTopic", "SUCCESS");
    await harness.run("poll");
    const before = (await harness.run("checkpoint", "show", "--json")).out;
    const { code, value } = await jsonOf(
      harness,
      "replay",
      "--since",
      "1h",
      "--task",
      first.slice(-6),
      "--yes",
    );
    expect([code, value.from, value.accepted, value.left]).toEqual([0, "journal", 1, 0]);
    const sent = harness.receiver.events().filter(({ subject }) => subject === first);
    expect(sent).toHaveLength(2);
    expect(JSON.stringify(sent[1])).toBe(JSON.stringify(sent[0]));
    expect((await harness.run("checkpoint", "show", "--json")).out).toBe(before);
    expect((await harness.run("task", first)).out).toMatch(/ops {2}accepted \(replay\)/);
  });

  it("rebuilds the events from the API where the journal has none", async () => {
    const harness = await bridgeFolder();
    const id = harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    await rm(path.join(harness.folder, ".bridge"), { recursive: true });
    const { out } = await harness.run("replay", "--since", "1h", "--yes");
    expect(out).toContain("rebuilt from the API");
    const ids = harness.receiver.events().map((event) => event.id);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[0]).toContain(id);
  });

  it("leaves out what the bridge still delivers itself", async () => {
    const harness = await bridgeFolder({ respond: answering(503) });
    harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    const { value } = await jsonOf(harness, "replay", "--since", "1h", "--yes");
    expect(value).toMatchObject({ events: [], pending: 1, sent: false });
    expect(harness.receiver.deliveries).toHaveLength(1);
  });

  it("continues where it was interrupted, and sends nothing twice that was accepted", async () => {
    // Accepts ten events of the poll, then four of the replay, then fails.
    const harness = await bridgeFolder({ respond: answering(...Array(14).fill(200), 503, 503, 503, 200) });
    const config = JSON.parse(await harness.read("bridge.config.json"));
    const ops = { ...config.sinks.ops, rate: { events: 1, per: "5ms" } };
    await harness.write(
      "bridge.config.json",
      JSON.stringify({ ...config, delivery: { concurrency: 1 }, sinks: { ops } }),
    );
    for (let index = 0; index < 10; index++) harness.task(`task${index}`, "SUCCESS");
    await harness.run("poll");
    const interrupted = await jsonOf(harness, "replay", "--since", "1h", "--yes");
    expect(interrupted).toMatchObject({ code: 1, value: { accepted: 4, left: 6 } });
    const again = await jsonOf(harness, "replay", "--since", "1h", "--yes");
    expect(again).toMatchObject({ code: 0, value: { alreadyAccepted: 4, accepted: 6, left: 0 } });
    const accepted = harness.receiver.deliveries.toSpliced(14, 3);
    const counts = Map.groupBy(
      accepted.flatMap(({ events }) => events),
      ({ id }) => id,
    );
    expect([...counts.values()].map(({ length }) => length)).toEqual(Array(10).fill(2));
    const once = await jsonOf(harness, "replay", "--since", "1h", "--dry-run");
    expect(once.value).toMatchObject({ alreadyAccepted: 0 });
  });

  it("asks on a terminal, and draws its progress there", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    const no = await inTerminal(harness, ["replay", "--since", "1h"], { input: "n\n" });
    expect(no.out).toContain("Nothing sent.");
    expect(harness.receiver.events()).toHaveLength(1);
    const yes = await inTerminal(harness, ["replay", "--since", "1h"], { input: "y\n", columns: 60 });
    expect(yes.out).toContain("[####################] 1 of 1 accepted by ops");
    expect(harness.receiver.events()).toHaveLength(2);
  });

  it("asks for the sink where there are several", async () => {
    const harness = await bridgeFolder();
    await harness.addSink("file", { type: "file", path: "events.jsonl" });
    const { code, err } = await harness.run("replay", "--since", "1h", "--dry-run");
    expect(code).toBe(2);
    expect(err).toMatch(/--sink: expected one of ops, file/);
  });
});

describe("commands that only read", () => {
  it("read with what is configured for the store alone, also where nothing can be written beside it", async () => {
    const harness = await bridgeFolder({ respond: answering(400) });
    const id = harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    const config = JSON.parse(await harness.read("bridge.config.json"));
    const ops = { ...config.sinks.ops, url: `\${OPS_URL}`, secret: "file:none", filter: { subject: [id] } };
    await harness.write("bridge.config.json", JSON.stringify({ ...config, sinks: { ops } }));
    // As a folder without the right to write would do.
    await mkdir(path.join(harness.folder, ".bridge", "bridge.db-shm"));
    const commands = [
      ["events"],
      ["events", "--json"],
      ["replay", "--since", "1h", "--dry-run"],
      ["task", id],
      ["dead-letters", "list"],
      ["dead-letters", "redrive", "--dry-run"],
    ];
    for (const command of commands)
      expect(await run(command, { cwd: harness.folder })).toMatchObject({
        code: 0,
        err: "",
        out: expect.stringContaining(id.slice(-6)),
      });
    const tasks = await run(["tasks"], { cwd: harness.folder, env: apiKey });
    expect([tasks.code, tasks.out]).toEqual([0, expect.stringContaining(id)]);
    const unset = JSON.stringify({
      ...config,
      sinks: { ops: { ...ops, filter: { subject: [`\${SUBJECT}`] } } },
    });
    await harness.write("bridge.config.json", unset);
    const replay = await run(["replay", "--since", "1h", "--dry-run"], { cwd: harness.folder });
    expect([replay.code, replay.err]).toEqual([2, expect.stringContaining("sinks.ops.filter.subject")]);
  });

  it("ask the API for the events of a replay with the key of the source alone", async () => {
    const harness = await bridgeFolder({ sink: { url: `\${OPS_URL}` } });
    const id = harness.task("bindInstancePublicIp", "FAILED");
    const replay = ["replay", "--since", "1h", "--dry-run"];
    expect((await harness.run(...replay)).out).toMatch(new RegExp(`rebuilt from the API[^]+${id.slice(-6)}`));
    const { code, err } = await run(replay, { cwd: harness.folder });
    expect([code, err]).toEqual([2, expect.stringContaining("HUAWEICLOUD_SDK_AK")]);
    expect(existsSync(path.join(harness.folder, ".bridge"))).toBe(false);
  });
});

describe("dead-letters", () => {
  it("lists what the sink said, and shows with --dry-run what a redrive would put back", async () => {
    const harness = await bridgeFolder({ respond: answering(400, 200) });
    harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    expect((await harness.run("dead-letters", "list")).out).toMatch(/rejected[^\n]*\n {2}HTTP 400.*busy/);
    const dry = await harness.run("dead-letters", "redrive", "--reason", "rejected", "--dry-run");
    expect(dry.out).toMatch(/Nothing changed: without --dry-run, 1 delivery/);
    const unknown = await harness.run("dead-letters", "redrive", "--reason", "rejectet");
    expect(unknown.err).toMatch(/did you mean rejected/i);
  });

  it("redrives by reason and time, and the journal tells of it", async () => {
    const harness = await bridgeFolder({ respond: answering(400, 200) });
    harness.task("bindInstancePublicIp", "FAILED");
    await harness.run("poll");
    const none = await jsonOf(harness, "dead-letters", "redrive", "--since", "2030-01-01T00:00:00Z");
    expect(none.value.redriven).toBe(0);
    const back = await jsonOf(harness, "dead-letters", "redrive", "--reason", "rejected", "--since", "1h");
    expect(back.value.redriven).toBe(1);
    await harness.run("poll");
    const outcomes = jsonLines((await harness.run("events", "--json")).out).flatMap(
      ({ outcome }) => outcome ?? [],
    );
    expect(outcomes).toEqual(["dead-lettered", "redriven", "accepted"]);
  });
});
