import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { platformTypes, previewTypes } from "../../../lib/preview/platforms.ts";
import { albumOf, sampleSubject } from "../../../lib/preview/preview.ts";
import { run } from "../../harness/cli.ts";

const token = "a-token-that-nobody-may-see";

/** A folder with a configuration of a chat sink and another, and the command line in it. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "bridge-preview-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = {
    sources: [
      { engine: "kafka", region: "r", projectId: "p", instances: "all", credentials: { token: "t" } },
    ],
    sinks: {
      ops: {
        type: "slack",
        url: `https://hooks.slack.com/services/${token}`,
        titlePrefix: "[prod] ",
        language: "zh",
      },
      file: { type: "file", path: "events.ndjson" },
      hook: { type: "webhook", url: `https://hooks.example.com/${token}`, headers: { authorization: token } },
      page: { type: "pagerduty", routingKey: "0123456789abcdef0123456789fedcba" },
    },
  };
  await writeFile(join(folder, "bridge.config.json"), JSON.stringify(config));
  return {
    folder,
    preview: (...args: readonly string[]) => run(["preview", ...args], { cwd: folder }),
    read: (file: string) => readFile(join(folder, file), "utf8"),
  };
}

describe("preview", () => {
  it("writes each type's messages in both languages as they would be sent, and a page of all with an index", async () => {
    const { folder, preview, read } = await setUp();
    const { code, out, err } = await preview("--json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      page: join(folder, "preview", "index.html"),
      sinks: expect.arrayContaining([
        ...platformTypes.map((type) => ({ name: type, type, messages: 11, warnings: [] })),
        ...platformTypes.map((type) => ({ name: `${type}-zh`, type, messages: 11, warnings: [] })),
        { name: "webhook", type: "webhook", messages: 10, warnings: [] },
      ]),
    });
    const names = [...previewTypes, ...platformTypes.map((type) => `${type}-zh`)];
    expect((await readdir(join(folder, "preview"))).sort()).toEqual([...names, "index.html"].sort());
    const { messages } = await albumOf(await sampleSubject("discord", "en"));
    for (const { sample, body } of messages) expect(await read(`preview/discord/${sample}.json`)).toBe(body);
    const page = await read("preview/index.html");
    for (const name of names) {
      expect(page).toContain(`<a href="#${name}">`);
      expect(page).toContain(`<section id="${name}"`);
    }
    expect(await read("preview/slack-zh/failed.json")).toContain("绑定公网 IP 失败");
    expect(await read("preview/sns/failed.txt")).toMatch(/^Action=PublishBatch&/);
  });

  it("shows a configured sink as it is configured, and its secret nowhere", async () => {
    const { preview, read } = await setUp();
    const { code, out, err } = await preview("--sink", "ops", "--out", "cards");
    expect(code, err).toBe(0);
    expect(out).toMatch(/^ops {2}Slack, 11 messages\nOpen .*index\.html in a browser\.\n$/);
    const written = (await read("cards/ops/failed.json")) + (await read("cards/index.html")) + out + err;
    expect(written).toContain("[prod] 绑定公网 IP 失败");
    expect(written).not.toContain(token);
  });

  it("shows an event of one's own, from a file, as a webhook gets it", async () => {
    const { folder, preview, read } = await setUp();
    await preview("--type", "webhook", "--out", "samples");
    const { code, out, err } = await preview("--sink", "hook", "--event", "samples/webhook/failed.json");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^hook {2}Webhook, 1 message\n/);
    expect(await read("preview/hook/event.json")).toBe(await read("samples/webhook/failed.json"));
    expect(await read("preview/index.html")).toContain("&quot;bindInstancePublicIp&quot;</span>");
    expect(await readdir(join(folder, "preview", "hook"))).toEqual(["event.json"]);
  });

  it("writes no secret that a body holds", async () => {
    const { preview, read } = await setUp();
    expect(await preview("--sink", "page")).toMatchObject({ code: 0, err: "" });
    expect(await read("preview/page/failed.json")).toContain('"routing_key"');
    expect(await read("preview/page/failed.json")).not.toContain("fedcba");
  });

  it("shows the chat sinks of the file that --config names, in the language asked for", async () => {
    const { folder, preview, read } = await setUp();
    const { code, err } = await preview("--config", "bridge.config.json", "--lang", "en");
    expect(code, err).toBe(0);
    expect((await readdir(join(folder, "preview"))).sort()).toEqual(["hook", "index.html", "ops", "page"]);
    expect(await read("preview/ops/failed.json")).toContain("[prod] Bind public IP failed");
  });

  it("refuses a configuration without a sink over HTTP", async () => {
    const { folder, preview, read } = await setUp();
    const { sinks, ...others } = JSON.parse(await read("bridge.config.json"));
    await writeFile(join(folder, "other.json"), JSON.stringify({ ...others, sinks: { file: sinks.file } }));
    const { code, err } = await preview("--config", "other.json");
    expect([code, err]).toEqual([
      2,
      "error: --sink: expected a sink over HTTP of the configuration, found nothing\n",
    ]);
  });

  it.each([
    [["--type", "fax"], /--type: expected a type of sink over HTTP: slack, .*, found "fax"/],
    [["--sink", "file"], /--sink: expected a sink over HTTP of the configuration, found "file"/],
    [["--event", "none.json"], /--event: expected a file that can be read \(ENOENT\), found "none.json"/],
    [["--event", "/dev/zero"], /--event: expected a file, and not a named pipe, device or socket/],
    [["--event", "bridge.config.json"], /--event: expected one event as the bridge makes it/],
    [["--sink", "ops", "--type", "slack"], /--type: expected no type beside --sink, found "slack"/],
    [
      ["--out", "bridge.config.json"],
      /^error: --out: expected a folder that can be written to \(EEXIST\), found/,
    ],
    [["--out", "/proc/none"], /^error: --out: expected a folder that can be written to \(ENOENT\), found/],
    [["--lang", "fr"], /Allowed choices are en, zh/],
  ])("refuses %j and writes nothing", async (args, message) => {
    const { folder, preview } = await setUp();
    const { code, err } = await preview(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(await readdir(folder)).toEqual(["bridge.config.json"]);
  });
});
