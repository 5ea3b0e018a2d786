import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { platformTypes } from "../../../lib/preview/platforms.ts";
import { albumOf, sampleSubject } from "../../../lib/preview/preview.ts";
import { run } from "../../harness/cli.ts";

const token = "a-token-that-nobody-may-see";

/** A folder with a configuration of a chat sink and another, and the command line in it. */
async function stage() {
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
  it("writes each type's messages as they would be sent, and a page of all", async () => {
    const { folder, preview, read } = await stage();
    const { code, out, err } = await preview("--json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      page: join(folder, "preview", "index.html"),
      sinks: platformTypes.map((type) => ({ name: type, type, messages: 9 })),
    });
    expect((await readdir(join(folder, "preview"))).sort()).toEqual([...platformTypes, "index.html"].sort());
    const { messages } = await albumOf(await sampleSubject("discord", "en"));
    for (const { sample, body } of messages) expect(await read(`preview/discord/${sample}.json`)).toBe(body);
    const page = await read("preview/index.html");
    for (const type of platformTypes) expect(page).toContain(`<section id="${type}"`);
  });

  it("shows a configured sink as it is configured, and its secret nowhere", async () => {
    const { preview, read } = await stage();
    const { code, out, err } = await preview("--sink", "ops", "--out", "cards");
    expect(code, err).toBe(0);
    expect(out).toMatch(/^ops {2}Slack, 9 messages\nOpen .*index\.html in a browser\.\n$/);
    const written = (await read("cards/ops/failed.json")) + (await read("cards/index.html")) + out + err;
    expect(written).toContain("[prod] 绑定公网 IP 失败");
    expect(written).not.toContain(token);
  });

  it("shows the chat sinks of the file that --config names, in the language asked for", async () => {
    const { folder, preview, read } = await stage();
    const { code, err } = await preview("--config", "bridge.config.json", "--lang", "en");
    expect(code, err).toBe(0);
    expect((await readdir(join(folder, "preview"))).sort()).toEqual(["index.html", "ops"]);
    expect(await read("preview/ops/failed.json")).toContain("[prod] Bind public IP failed");
  });

  it("refuses a configuration without a chat sink", async () => {
    const { folder, preview, read } = await stage();
    const { sinks, ...others } = JSON.parse(await read("bridge.config.json"));
    await writeFile(join(folder, "other.json"), JSON.stringify({ ...others, sinks: { file: sinks.file } }));
    const { code, err } = await preview("--config", "other.json");
    expect([code, err]).toEqual([
      2,
      "error: --sink: expected a chat sink of the configuration, found nothing\n",
    ]);
  });

  it.each([
    [["--type", "fax"], /--type: expected a type of chat sink: slack, .*, found "fax"/],
    [["--sink", "file"], /--sink: expected a chat sink of the configuration, found "file"/],
    [["--sink", "ops", "--type", "slack"], /--type: expected no type beside --sink, found "slack"/],
    [["--lang", "fr"], /Allowed choices are en, zh/],
  ])("refuses %j and writes nothing", async (args, message) => {
    const { folder, preview } = await stage();
    const { code, err } = await preview(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(await readdir(folder)).toEqual(["bridge.config.json"]);
  });
});
