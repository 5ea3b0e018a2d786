import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { demoWords, textsIn } from "../../build/docs/demo.ts";
import { bridgeFolder } from "../harness/bridge.ts";
import { run, start } from "../harness/cli.ts";
import { listening } from "../harness/servers.ts";

describe("watch", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("tells each event and ends after the run in hand at %s", async (signal, code) => {
    const harness = await bridgeFolder();
    const task = harness.task("bindInstancePublicIp");
    const watching = harness.start("watch", "--interval", "100ms");
    await watching.said("out", /EXECUTING/);
    harness.simulator.world.setStatus(task, "SUCCESS");
    await watching.said("out", /EXECUTING -> SUCCESS/);
    watching.kill(signal);
    const { code: ending, out, err } = await watching.ended;
    expect([ending, err]).toEqual([code, "Watching 1 source every 100 ms for ops.\n"]);
    expect(out).toMatch(
      /^\S+Z {2}orders +bindInstancePublicIp +\w{6} {2}EXECUTING.*\n.* EXECUTING -> SUCCESS.*\n$/,
    );
    expect(harness.receiver.events().map(({ data }) => data.change.to)).toEqual(["EXECUTING", "SUCCESS"]);
  });

  it("outlives a stream that cannot be read, and says so once", async () => {
    const harness = await bridgeFolder();
    harness.simulator.faults.on("html", { times: 3, operation: "ListBackgroundTasks" });
    const watching = harness.start("watch", "--interval", "50ms");
    await watching.said("err", /readable again/);
    watching.kill("SIGINT");
    const { code, err } = await watching.ended;
    expect(code).toBe(130);
    expect(err.match(/cannot read/g)).toHaveLength(1);
  });

  it("gives up the run in hand at a second signal", { timeout: 10_000 }, async () => {
    const asked = Promise.withResolvers<void>();
    const harness = await bridgeFolder({
      respond: () => {
        asked.resolve();
        return { hang: true };
      },
    });
    harness.task("bindInstancePublicIp");
    const watching = harness.start("watch");
    await asked.promise;
    watching.kill("SIGINT");
    watching.kill("SIGTERM");
    const { code, err } = await watching.ended;
    // Two signals sent at once may arrive in either order.
    expect([130, 143]).toContain(code);
    expect(err).toMatch(/^Watching .*\n$/);
  });

  it("tells a delivery that did not pass", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 503 }) });
    harness.task("bindInstancePublicIp");
    const watching = harness.start("watch", "--interval", "100ms");
    expect(await watching.said("out", /\(server_error\)/)).toMatch(
      /ops: retry {2}bindInstancePublicIp EXECUTING: /,
    );
    watching.kill("SIGINT");
    await watching.ended;
  });

  it("prints one summary a run with --json, and ends quietly when nobody reads on", async () => {
    const harness = await bridgeFolder();
    const watching = harness.start("watch", "--interval", "50ms", "--json");
    const first = (await watching.said("out", /\n/)).split("\n")[0] ?? "";
    expect(JSON.parse(first)).toMatchObject({ streams: [{ error: null }] });
    watching.closeOut();
    expect(await watching.ended).toMatchObject({ code: 0, err: "" });
  });
});

describe("simulate", () => {
  it("serves an API that the configuration it prints can watch", async () => {
    const serving = start(["simulate", "--port", "0", "--faults", "count-number"]);
    const printed = parse(await serving.said("out", /ndjson/));
    const { endpoint, projectId, credentials } = printed.sources[0];
    expect(credentials).toEqual({ ak: expect.any(String), sk: expect.any(String) });
    const refused = await fetch(`${endpoint}/v2/${projectId}/instances?engine=rabbitmq`);
    expect(refused.status).toBe(401);
    serving.kill("SIGTERM");
    const { code, err } = await serving.ended;
    expect(code).toBe(143);
    expect(err).toContain("Faults: count-number");
  });

  it("names its faults", async () => {
    const { code, out } = await run(["simulate", "--list-faults"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^throttle +HTTP 429/m);
  });

  it("refuses unknown faults, all of them at once", async () => {
    const { code, err } = await run(["simulate", "--faults", "gremlins,throttle,imps"]);
    expect(code).toBe(2);
    expect(err).toMatch(/"gremlins"[\s\S]*"imps"/);
  });

  it("refuses a port that is taken", async () => {
    const { port } = await listening(createServer());
    expect(await run(["simulate", "--port", String(port)])).toEqual({
      code: 2,
      out: "",
      err: `error: --port: expected a port that is free and allowed, found "${port}"\n`,
    });
  });
});

describe("demo", () => {
  const picture = readFileSync(new URL("../../docs/demo.svg", import.meta.url), "utf8");

  it("plays its scenario once and finds every change arrived as it should", { timeout: 30_000 }, async () => {
    const { code, out, err } = await run(["demo", "--once"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).not.toContain("\x1b");
    expect(out).toMatch(/ orders +bindInstancePublicIp +\w{6} {2}CREATED -> EXECUTING\n/);
    expect(out).toMatch(/\nChanges +25\nEvents delivered +25\nDuplicates +0\nLost +0\nOut of order +0\n/);
    expect(out).toContain("Every change arrived exactly once, in order, with a right signature.\n");
    // Its recording says the same; `npm run docs:demo` records it anew.
    expect(demoWords(out)).toEqual(demoWords(textsIn(picture)));
  });

  it("has a recording that is small, plays in a loop without a script, and stands still where motion is unwanted", () => {
    expect(picture.length).toBeLessThan(60_000);
    expect(picture).not.toMatch(/<script|\bhref=|url\(|@import|\son\w+=/);
    expect(picture).toMatch(/animation:scroll \d+ms step-end infinite/);
    expect(picture).toContain("@media(prefers-reduced-motion:reduce){.lines,.curtain{animation:none}}");
    expect(picture).toContain("@media(prefers-color-scheme:dark)");
  });

  it("goes on until a signal comes", async () => {
    const playing = start(["demo", "--json"]);
    const line = (await playing.said("out", /\n/)).split("\n")[0] ?? "";
    expect(JSON.parse(line)).toMatchObject({ specversion: "1.0" });
    playing.kill("SIGINT");
    expect(await playing.ended).toMatchObject({ code: 130, err: "" });
  });
});
