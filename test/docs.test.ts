import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { describe, expect, it, onTestFinished } from "vitest";
import { longPage, slug } from "../build/docs/contents.ts";
import { generatedPages } from "../build/docs/main.ts";
import { sinkPage } from "../build/docs/sink-pages.ts";
import { sinkFacts } from "../build/docs/sinks.ts";
import { program } from "../lib/cli/program.ts";
import type { Screen } from "../lib/cli/screen/output.ts";
import { loadConfig } from "../lib/config/load.ts";
import { startSimulator } from "../lib/simulator/api.ts";
import { demoKey } from "../lib/simulator/auth.ts";
import { seededRandom } from "../lib/simulator/random.ts";
import { startReceiver } from "../lib/simulator/receiver.ts";
import { sinkTypes } from "../lib/sinks/index.ts";
import { blocks, page, pages, root } from "./docs-pages.ts";
import { run } from "./harness/cli.ts";

const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const environment = {
  HUAWEICLOUD_SDK_AK: demoKey.ak,
  HUAWEICLOUD_SDK_SK: demoKey.sk,
  HUAWEICLOUD_SDK_PROJECT_ID: "p1",
  RUNTIME_PROJECT_ID: "p1",
  WEBHOOK_SECRET: webhookSecret,
  SLACK_URL: "https://hooks.slack.com/services/T000/B000/xxxx",
  FEISHU_URL: "https://open.feishu.cn/open-apis/bot/v2/hook/xxxx",
  FEISHU_SECRET: "a-secret",
  DINGTALK_SECRET: "SECxxxx",
  SLACK_TOKEN: "xoxb-token",
  TELEGRAM_TOKEN: "123456:xxxx",
  PAGERDUTY_KEY: "0123456789abcdef0123456789abcdef",
};

/** The variables of a page's configuration: any address, password or token, but for those that have a form of their own. */
const valuesFor = (block: string): Readonly<Record<string, string>> => {
  const names = [...block.matchAll(/\$\{(\w+_(?:PASSWORD|SECRET|TOKEN|URL))\}/g)].map(
    ([, name = ""]) => name,
  );
  const any = (name: string) =>
    name.endsWith("_URL") ? "https://hooks.example.com/services/xxxx" : "a-secret";
  return { ...Object.fromEntries(names.map((name) => [name, any(name)])), ...environment };
};

const library = new URL("../lib/index.ts", import.meta.url).href;
/** For snippets that show a sink only. */
const someSource = "sources:\n  - { engine: rabbitmq, region: cn-north-4, projectId: p1, instances: all }\n";
/** Lines of a page, without its generated parts. */
const ownLines = (text: string): number =>
  text.replaceAll(/^<!-- [\s\S]*?^<!-- end -->$/gm, "").split("\n").length;

describe("the documentation", () => {
  it("links only to what is there", () => {
    const broken = pages.flatMap(([file, text]) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(([, target]) => target ?? "")
        .filter((target) => !existsSync(path.join(root, path.dirname(file), target)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("links only to headings that are there", () => {
    const anchors = new Map(
      pages.map(([file, text]) => [
        file,
        [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => slug(title)),
      ]),
    );
    const broken = pages.flatMap(([file, text]) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].flatMap(([, target = "", anchor = ""]) => {
        const to = target === "" ? file : path.join(path.dirname(file), target);
        return anchors.get(to)?.includes(anchor) ? [] : [`${file} -> ${target}#${anchor}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it("lists every decision, numbered without a gap", () => {
    const files = readdirSync(path.join(root, "docs/decisions")).filter((file) => /^\d{4}-/.test(file));
    const listed = [...page("docs/decisions/README.md").matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(
      ([, file]) => file,
    );
    expect(listed.toSorted()).toEqual(files.toSorted());
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, index) => index + 1));
  });

  it("names only tests and sources that are there", () => {
    const missing = pages.flatMap(([file, text]) =>
      [...text.matchAll(/`((?:lib|test|functions|examples)\/[\w./-]+)`/g)]
        .map(([, target]) => target ?? "")
        .filter((target) => !target.includes("NAME") && !existsSync(path.join(root, target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(missing).toEqual([]);
  });

  const configs = pages
    .filter(([file]) => file !== "docs/configuration.md")
    .flatMap(([file, text]) =>
      blocks(text, "yaml")
        .filter((block) => /^sinks:/m.test(block))
        .map((block) => [file, block] as const),
    );

  it.each(configs)("has a configuration in %s that loads", async (file, block) => {
    const folder = await mkdtemp(path.join(tmpdir(), "bridge-docs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const isWhole = block.includes("sources:");
    await writeFile(path.join(folder, "bridge.config.yaml"), isWhole ? block : `${someSource}${block}`);
    for (const [, module = ""] of block.matchAll(/module: \.\/(\S+)/g)) {
      const [code = ""] = blocks(page(file), "ts");
      await writeFile(path.join(folder, module), code.replace('"dms-task-bridge"', JSON.stringify(library)));
    }
    const loaded = await loadConfig(null, { environment: valuesFor(block), folder });
    expect(loaded.sinks.size).toBeGreaterThan(0);
  });

  it("has the generated parts that `npm run docs` writes", async () => {
    const generated = await generatedPages();
    expect(generated.length).toBeGreaterThan(Object.keys(sinkTypes).length);
    for (const { file, text, written } of generated) expect(text, file).toBe(written);
  });

  it("has a table of contents on every long page", () => {
    const long = pages.filter(
      ([file, text]) =>
        file.startsWith("docs/") && !file.startsWith("docs/decisions/") && ownLines(text) > longPage,
    );
    expect(long.length).toBeGreaterThan(3);
    expect(long.filter(([, text]) => !text.includes("<!-- contents -->")).map(([file]) => file)).toEqual([]);
  });
});

/** The README's own configuration, pointed at a simulated API and a local webhook. */
async function readmeHarness() {
  const folder = await mkdtemp(path.join(tmpdir(), "bridge-readme-"));
  const simulator = await startSimulator({ random: seededRandom(3) });
  const receiver = await startReceiver({ secret: webhookSecret });
  onTestFinished(async () => {
    await simulator.close();
    await receiver.close();
    await rm(folder, { recursive: true });
  });
  const [config = ""] = blocks(page("README.md"), "yaml");
  const id = /instances: \[([^\]]+)\]/.exec(config)?.[1] ?? "";
  simulator.world.addInstance({ id, name: "orders", engine: "rabbitmq", projectId: "p1" });
  simulator.world.start({
    instance: id,
    name: "bindInstancePublicIp",
    steps: [{ status: "EXECUTING", afterMs: 0 }],
  });
  const local = config
    .replace("    region: cn-north-4", `    region: cn-north-4\n    endpoint: ${simulator.url}`)
    .replace(/url: https:\S+/, `url: ${receiver.url}\n    allowPrivateNetwork: true`);
  await writeFile(path.join(folder, "bridge.config.yaml"), local);
  return { receiver, cli: (...args: string[]) => run(args, { cwd: folder, env: environment }) };
}

describe("the README's commands", () => {
  const commands = blocks(page("README.md"), "sh")
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => /^npm run -s bridge -- ([^#]+)/.exec(line)?.[1]?.trim() ?? []);

  it("are the ones that this test runs", () => {
    const [send, ...others] = commands;
    expect(send).toMatch(/^send --to https:/);
    expect(others).toEqual(["tasks", "sink test ops", "poll", "watch"]);
  });

  it("stand in a page that is read in a few minutes", () => {
    for (const name of ["README.md", "README.zh-CN.md"])
      expect(page(name).split("\n").length).toBeLessThan(125);
  });

  it("do on its configuration what it says", async () => {
    const { cli, receiver } = await readmeHarness();
    const [tasks, sample, poll] = [await cli("tasks"), await cli("sink", "test", "ops"), await cli("poll")];
    expect([tasks.code, sample.code, poll.code], `${tasks.err}${sample.err}${poll.err}`).toEqual([0, 0, 0]);
    expect(tasks.out).toContain("bindInstancePublicIp");
    expect(receiver.deliveries.map(({ verified }) => verified)).toEqual([true, true]);
    expect(receiver.events().at(-1)).toMatchObject({ type: "com.huaweicloud.dms.task.executing" });
  });
});

it.each(pages)("%s shows only commands and options that exist", (_, text) => {
  const tree = commandTree();
  const wrong = commandsIn(text).filter((line) => !exists(line, tree));
  expect(wrong).toEqual([]);
});

describe.each([
  ["slack", { status: 200, body: "ok" }, []],
  ["feishu", { status: 200, body: '{"code":0}' }, ["FEISHU_SECRET"]],
] as const)("docs/first-%s-message.md", (type, answer, secrets) => {
  const text = page(`docs/first-${type}-message.md`);

  it("fits on one screen", () => {
    expect(text.split("\n").length).toBeLessThanOrEqual(60);
  });

  it("sends a message by its first command", async () => {
    const receiver = await startReceiver({ respond: () => answer });
    onTestFinished(() => receiver.close());
    const [send = ""] = commandsIn(text);
    const args = [...send.replaceAll("'", "").split(" "), "--type", type];
    const env = { ...environment, [`${type.toUpperCase()}_URL`]: receiver.url };
    const { code, err } = await run(args, { env });
    expect([code, err]).toEqual([0, ""]);
    expect(receiver.deliveries).toHaveLength(1);
    for (const name of secrets) expect(send).toContain(name);
  });

  it("names a configuration in which each variable is set by one of its commands", () => {
    const [config = ""] = blocks(text, "yaml");
    const exported = blocks(text, "sh").join("").replaceAll("\n", " ");
    for (const [, name] of config.matchAll(/\$\{(\w+)\}/g)) expect(exported).toContain(`${name}=`);
  });
});

it.each(["docs", "docs/sinks", "docs/zh"])(
  "docs/README.md links every page of %s, or the folder's own index",
  (folder) => {
    const files = readdirSync(path.join(root, folder)).filter((file) => /^(?!README).*\.md$/.test(file));
    const index = folder === "docs/sinks" ? "docs/sinks/README.md" : "docs/README.md";
    expect([...linked("docs/README.md"), "docs/README.md"]).toContain(index);
    const missing = files.map((file) => `${folder}/${file}`).filter((file) => !linked(index).has(file));
    expect(missing).toEqual([]);
  },
);

/** The files that a page links to. */
const linked = (name: string): ReadonlySet<string> =>
  new Set(
    [...page(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = ""]) =>
      path.join(path.dirname(name), target),
    ),
  );

describe.each(Object.keys(sinkTypes))("docs/sinks/%s.md", (type) => {
  const text = page(`docs/sinks/${type}.md`);

  it("begins with a sentence and an example of its type, and has all options", () => {
    const [example = ""] = blocks(text, "yaml");
    expect(example).toContain(`type: ${type}\n`);
    expect(text.indexOf("```yaml")).toBeLessThan(400);
    expect(text).toContain(`<!-- fields: sink ${type} -->`);
  });

  it("says what is accepted, in what order, and what it needs", () => {
    const { facts } = sinkPage(type, text);
    expect([...facts.keys()]).toEqual(expect.arrayContaining([...sinkFacts]));
    for (const fact of facts.values()) expect(fact).not.toBe("");
  });
});

it("docs/sinks/README.md has each type of sink once", () => {
  const rows = [...page("docs/sinks/README.md").matchAll(/^\| \[`(\w+)`\]/gm)].map(([, type]) => type);
  expect(rows.toSorted()).toEqual(Object.keys(sinkTypes).toSorted());
});

describe("docs/operating.md", () => {
  it("shows the very keys that poll --json prints", async () => {
    const { cli } = await readmeHarness();
    const printed: unknown = JSON.parse((await cli("poll", "--json")).out);
    const [shown = ""] = blocks(page("docs/operating.md"), "json");
    expect(shape(printed)).toEqual(shape(JSON.parse(shown)));
  });

  it("names commands and options that exist, and every command", () => {
    const rows = page("docs/operating.md").split("## Commands")[1]?.split("| exit")[0] ?? "";
    const lines = rows.split("\n").filter((line) => line.startsWith("| `"));
    const named = lines.flatMap((line) => namedIn(line.split("|")[1] ?? ""));
    const all = commandTree();
    for (const { command, options } of named) {
      expect([...all.keys()]).toContain(command);
      for (const option of options) expect(all.get(command), `${command} ${option}`).toContain(option);
    }
    expect(new Set(named.map(({ command }) => command))).toEqual(new Set(all.keys()));
  });
});

/** Every command that does something, with its options. */
function commandTree(): ReadonlyMap<string, readonly string[]> {
  const side = { raw: () => {}, line: () => {} };
  const screen = { out: side, err: side } as unknown as Screen;
  const found = new Map<string, readonly string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    for (const each of command.commands) visit(each, [...path, each.name()]);
    const options = command.options.flatMap(({ long }) => long ?? []);
    if (command.commands.length === 0) found.set(path.join(" "), options);
  };
  visit(program({ version: "0", screen, start: async () => {} }), []);
  return found;
}

/** Commands as a table's cell names them: "`dead-letters list`, `purge --yes`" leaves out what stands before. */
function namedIn(cell: string): readonly { readonly command: string; readonly options: readonly string[] }[] {
  let group = "";
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => {
    const words = text.split(" ").filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith("--"));
    const options = text.split(" ").filter((word) => word.startsWith("--"));
    const command = words.length > 1 || group === "" ? words.join(" ") : `${group} ${words[0]}`;
    if (words.length > 1) group = words[0] ?? "";
    return { command, options };
  });
}

/** What stands after `npm run -s bridge -- ` or `npm run demo -- ` in a page's code, without comments. */
function commandsIn(text: string): readonly string[] {
  const found = text.matchAll(/npm run (?:-s )?(bridge|demo) -- ([^`#\n]+)/g);
  return [...found].map(([, script, line = ""]) => `${script === "demo" ? "demo " : ""}${line.trim()}`);
}

/** Options of the program, before any command's own. */
const globalOptions = ["--config", "--env-file", "--json", "--log-level", "--debug", "--help", "--version"];

function exists(line: string, tree: ReadonlyMap<string, readonly string[]>): boolean {
  const words = line.split(/\s+/);
  const command = [words.slice(0, 2).join(" "), words[0] ?? ""].find((name) => tree.has(name));
  if (command === undefined) return line.startsWith("COMMAND");
  const options = words.filter((word) => word.startsWith("--") && word.length > 2);
  return options.every((option) => [...globalOptions, ...(tree.get(command) ?? [])].includes(option));
}

/** Keys and kinds of a JSON value, with the text and numbers left out. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
}
