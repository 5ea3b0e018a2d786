import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { expect, it } from "vitest";
import { resetCheckpoints, showCheckpoints } from "../../../lib/cli/commands/checkpoint.ts";
import { listDeadLetters } from "../../../lib/cli/commands/dead-letters.ts";
import { doctor } from "../../../lib/cli/commands/doctor/doctor.ts";
import { events } from "../../../lib/cli/commands/events.ts";
import { poll } from "../../../lib/cli/commands/poll.ts";
import { status } from "../../../lib/cli/commands/status.ts";
import { tasks } from "../../../lib/cli/commands/tasks.ts";
import type { Context } from "../../../lib/cli/context.ts";
import type { ExitCode } from "../../../lib/cli/errors.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import { key } from "../../harness/api.ts";
import { type BridgeFolder, bridgeFolder, secrets } from "../../harness/bridge.ts";
import { fakeScreen } from "../../harness/screen.ts";

const instance = "11111122-0000-4000-8000-000000000002";

/** Runs a command on a terminal of so many columns, in this process; returns all that it shows, line by line. */
async function shown(
  { folder }: BridgeFolder,
  columns: number,
  command: (context: Context) => Promise<ExitCode>,
): Promise<readonly string[]> {
  const { screen, both } = fakeScreen({ isTTY: true, columns });
  const never = new AbortController().signal;
  await command({
    configFile: null,
    json: false,
    screen,
    output: new PassThrough(),
    input: new PassThrough(),
    folder,
    environment: { HUAWEICLOUD_SDK_AK: demoKey.ak, HUAWEICLOUD_SDK_SK: demoKey.sk },
    clock: systemClock,
    random: Math.random,
    log: () => {},
    stop: never,
    abandon: never,
  });
  return stripVTControlCharacters(both()).split(/[\r\n]+/);
}

/** Two instances of one name whose ids begin alike, a sink that refuses all, and a journal. */
async function troubled(): Promise<BridgeFolder> {
  const harness = await bridgeFolder({
    respond: () => ({ status: 503 }),
    sections: { journal: { enabled: true } },
  });
  const { world } = harness.simulator;
  const name = "payments-production-cluster-shanghai";
  world.addInstance({ id: instance, engine: "rabbitmq", name, projectId: "p1" });
  harness.task("bindInstancePublicIp", "FAILED");
  world.start({
    instance,
    name: "a_task_with_a_name_of_many_words",
    steps: [{ status: "EXECUTING", afterMs: 0 }],
  });
  await harness.addSink("incident-response", {
    type: "webhook",
    url: `${harness.receiver.url}/${secrets.path}`,
    allowPrivateNetwork: true,
    retry: { attemptsPerRun: 1, maxAttempts: 1 },
  });
  return harness;
}

const commands: Readonly<Record<string, (context: Context) => Promise<ExitCode>>> = {
  "poll -v": (context) => poll(context, { verbose: true }),
  status: (context) => status(context, {}),
  tasks: (context) => tasks(context, {}),
  "checkpoint show": (context) => showCheckpoints(context, undefined, {}),
  "dead-letters list": (context) => listDeadLetters(context, {}),
  events: (context) => events(context, { since: "1h" }),
  doctor,
};

it("every table fits 60, 80 and 120 columns, and streams keep the part that tells them apart", async () => {
  const harness = await troubled();
  for (const columns of [60, 80, 120]) {
    for (const [name, command] of Object.entries(commands)) {
      const lines = await shown(harness, columns, command);
      // A sentence may wrap; a line of a table may not.
      const tables = lines.filter((line) => !/tried again|Gave up|^\d.*\. /.test(line));
      const longest = Math.max(...tables.map((line) => stringWidth(line)));
      expect({ name, columns, longest, fits: longest <= columns }).toMatchObject({ fits: true });
      if (/^(?:tasks|checkpoint)/.test(name)) {
        expect(lines.join("\n")).toContain("(1111111)");
        expect(lines.join("\n")).toContain("(1111112)");
      }
    }
  }
  const whole = await shown(harness, 60, (context) => tasks(context, { output: "wide" }));
  expect(whole.join("\n")).toContain(key);
});

it("what a table shows names the row: six characters of a task, an instance's name or short name", async () => {
  const harness = await troubled();
  await shown(harness, 80, (context) => poll(context, {}));
  const listed = await shown(harness, 80, (context) => listDeadLetters(context, {}));
  const [id = ""] = listed.flatMap((line) => /EXECUTING +(\w{6})$/.exec(line)?.[1] ?? []);
  expect(id).not.toBe("");
  const one = await shown(harness, 80, (context) => listDeadLetters(context, { id }));
  expect(one.join("\n")).toContain("1 dead letter.");
  for (const name of ["orders", "orders (1111111)", "1111111", key]) {
    const rows = await shown(harness, 80, (context) => showCheckpoints(context, name, {}));
    expect(rows.join("\n")).toContain("orders (111111)");
    expect(rows.join("\n")).not.toContain("payments");
  }
});

it("a beginning that fits several says which", async () => {
  const harness = await troubled();
  await shown(harness, 80, (context) => poll(context, {}));
  const both = `one stream, and this fits ${key} and rabbitmq/cn-north-4/p1/${instance}`;
  for (const command of [
    (context: Context) => tasks(context, { stream: "111111" }),
    (context: Context) => showCheckpoints(context, "111111", {}),
    (context: Context) => resetCheckpoints(context, "111111", true),
  ])
    await expect(shown(harness, 80, command)).rejects.toThrow(both);
  await expect(
    shown(harness, 80, (context) => tasks(context, { stream: "payments-production-cluster-shangai" })),
  ).rejects.toThrow("did you mean payments-production-cluster-shanghai?");
});
