import { globSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { sinkTypes } from "../lib/sinks/index.ts";

const root = path.resolve(import.meta.dirname, "..");

const files = (folder: string): readonly string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.posix.join(folder, file));

const sources = new Map(
  [...files("lib"), ...files("functions")].map((file) => [file, readFileSync(path.join(root, file), "utf8")]),
);

/** What a file imports: our own files by their path from the root, others by name. */
function importsOf(file: string): readonly string[] {
  const text = sources.get(file) ?? "";
  const named = text.matchAll(/(?:from|import\()\s*"([^"]+)"/g).map(([, name]) => name ?? "");
  return [...named].map((name) =>
    name.startsWith(".") ? path.posix.join(path.posix.dirname(file), name) : name,
  );
}

/** The folder of lib/ that a file belongs to; `functions`, or `index` for lib/index.ts. */
function folderOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  if (top !== "lib") return top;
  return second.endsWith(".ts") ? path.posix.basename(second, ".ts") : second;
}

const isOurs = (target: string): boolean => target.startsWith("lib/") || target.startsWith("functions/");

/** Each folder and the folders it imports. A folder without a row, an import without a word here, and a word without an import fail. */
const mayImport: Readonly<Record<string, string>> = {
  functions: "cli core huawei run serverless telemetry wire",
  index: "change config core run sinks source telemetry wire",

  serverless: "async aws config core fleet huawei opentelemetry run telemetry text wire",
  cli: "async aws change checkpoint config console core delivery filter huawei journal net opentelemetry options preview run serverless simulator sinks source status telemetry text wire",
  console:
    "async change checkpoint config core delivery journal net preview run sinks status telemetry text wire",
  wire: "async aws change checkpoint config core delivery filter fleet huawei journal net run sinks source stores telemetry text",
  run: "async change checkpoint core delivery journal source status telemetry text",
  fleet: "aws change checkpoint core delivery run status telemetry text",

  opentelemetry: "change core run telemetry wire",

  preview: "change core sinks telemetry text",
  simulator: "change core huawei text",

  source: "async change config core huawei net telemetry text",
  config: "change core filter huawei net options sinks template text",
  stores: "async aws checkpoint core delivery huawei journal net options",
  sinks: "async aws change core huawei net options telemetry template text",
  delivery: "async change checkpoint core journal sinks telemetry text",

  checkpoint: "change core journal text",
  journal: "change core text",
  template: "change core text",
  filter: "change core net text",
  change: "core text",

  aws: "async core net text",
  huawei: "core net text",
  net: "async core",
  options: "",
  async: "core",
  telemetry: "core status text",
  status: "checkpoint core",
  text: "",
  core: "",
};

/** No I/O, clock, chance or environment: folders, and single files of folders that do I/O elsewhere. */
const pure: readonly RegExp[] = [
  /^lib\/(change|checkpoint|core|filter|journal|options|status|text)\//,
  /^lib\/huawei\/(access-key|endpoint|obs-sign|sign)\.ts$/,
  /^lib\/net\/(ip|retry-after)\.ts$/,
  /^lib\/delivery\/(backlog|batch|dead-letters|retry|task-queue)\.ts$/,
  /^lib\/fleet\/(inbox|schedule|shard)\.ts$/,
  /^lib\/run\/commit-plan\.ts$/,
  /^lib\/source\/(join|paging|parse)\.ts$/,
  /^lib\/sinks\/chat\/(card|digest|feishu-card|fit|sanitize|slack-message|telegram-text|text)\.ts$/,
];
/** The system's clock and chance, to be passed in. */
const impure = new Set(["lib/core/clock.ts"]);

/** Everything that can be reached from a node, the node itself only by a loop. */
function reachedFrom(start: string, next: (node: string) => Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [start];
  for (const node of queue) {
    for (const target of next(node)) {
      if (!found.has(target)) queue.push(target);
      found.add(target);
    }
  }
  return found;
}

const actual = new Map<string, Set<string>>();
for (const file of sources.keys()) {
  const folder = folderOf(file);
  const targets = actual.get(folder) ?? new Set();
  actual.set(folder, targets);
  for (const target of importsOf(file)) {
    if (isOurs(target) && folderOf(target) !== folder) targets.add(folderOf(target));
  }
}

describe("the architecture", () => {
  it("lets each folder import what its row names, and nothing else", () => {
    const found = Object.fromEntries(
      Array.from(actual, ([folder, targets]) => [folder, [...targets].sort()]),
    );
    const told = Object.entries(mayImport).map(([folder, row]) => [folder, row.split(" ").filter(Boolean)]);
    expect(found).toEqual(Object.fromEntries(told));
  });

  it("keeps the console out of every function", () => {
    const entries = [...sources.keys()].filter(
      (file) => file.startsWith("functions/") && !file.endsWith("cli.ts"),
    );
    const wrong = entries.filter((entry) =>
      [...reachedFrom(entry, importsOf)].some((file) => file.startsWith("lib/console/")),
    );
    expect([entries.length > 3, wrong]).toEqual([true, []]);
  });

  it("has no loop between folders, nor between files", () => {
    const folders = [...actual.keys()].filter((each) =>
      reachedFrom(each, (folder) => actual.get(folder) ?? []).has(each),
    );
    const loops = [...sources.keys()].filter((each) => reachedFrom(each, importsOf).has(each));
    expect([...folders, ...loops]).toEqual([]);
  });

  it("keeps lib's root for the public interface, and the root of its sinks for the sink types", () => {
    const directlyIn = (folder: string): readonly string[] =>
      readdirSync(path.join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort();
    expect(directlyIn("lib")).toEqual(["index.ts"]);
    const own = [...Object.keys(sinkTypes), "custom", "index", "sink"].map((name) => `${name}.ts`);
    expect(directlyIn("lib/sinks")).toEqual([...new Set(own)].sort());
  });

  it("lets no sink know another", () => {
    const adapters = new Set(Object.keys(sinkTypes).map((name) => `lib/sinks/${name}.ts`));
    const wrong = [...sources.keys()]
      .filter((file) => file.startsWith("lib/sinks/") && file !== "lib/sinks/index.ts")
      .flatMap((file) => importsOf(file).filter((target) => adapters.has(target)));
    expect(wrong).toEqual([]);
  });

  it("keeps the pure parts free of I/O, clock, chance and environment", () => {
    const isPure = (file: string): boolean => !impure.has(file) && pure.some((part) => part.test(file));
    for (const part of pure)
      expect(
        [...sources.keys()].filter((file) => part.test(file)),
        `${part}`,
      ).not.toEqual([]);
    const wrong = [...sources].flatMap(([file, text]) =>
      isPure(file)
        ? [
            ...importsOf(file).filter((target) => /^(node:(?!crypto)|undici)/.test(target)),
            ...Array.from(text.matchAll(/Date\.now|Math\.random|process\.|setTimeout/g), ([found]) => found),
          ].map((found) => `${file}: ${found}`)
        : [],
    );
    expect(wrong).toEqual([]);
  });

  it("reads the environment only where the process or a program of one's own begins", () => {
    const readers = [...sources].filter(([, text]) => text.includes("process.env")).map(([file]) => file);
    const begins = /^(functions|lib\/cli)\/|^lib\/wire\/library\.ts$/;
    expect(readers.filter((file) => !begins.test(file))).toEqual([]);
  });

  it("gives the name of a type one meaning", () => {
    const declared = [...sources].flatMap(([file, text]) =>
      Array.from(text.matchAll(/^\s*(?:export )?(?:type|interface|class) (\w+)[ <]/gm), ([, name = ""]) => ({
        name,
        file,
      })),
    );
    const doubled = [...Map.groupBy(declared, ({ name }) => name)].filter(([, places]) => places.length > 1);
    expect(doubled).toEqual([]);
  });

  it("gives the name of a type that tests and benchmarks share a meaning of its own", () => {
    const around = globSync("{bench,build,test}/**/*.ts", {
      cwd: root,
      exclude: (name) => /(?:^|\/)(?:node_modules|target)$/.test(name),
    });
    // Two simulations are written independently, so that they do not repeat a mistake. Their type names are separate.
    const shared = around.filter((file) => !/simulation\/outside|fleet\/chaos/.test(file));
    const declared = [...sources.keys(), ...shared].flatMap((file) => {
      const text = sources.get(file) ?? readFileSync(path.join(root, file), "utf8");
      return Array.from(text.matchAll(/^export (?:type|interface|class) (\w+)[ <]/gm), ([, name = ""]) => ({
        name,
        file,
      }));
    });
    const doubled = [...Map.groupBy(declared, ({ name }) => name)].filter(([, places]) => places.length > 1);
    expect([shared.length > 300, doubled]).toEqual([true, []]);
  });

  it("documents whatever a file exports", () => {
    const exported = /^export (?:async )?(?:function|class|interface|const|type(?! \{)) /;
    const bare = [...sources].flatMap(([file, text]) => {
      // The console's page is a program of its own, which nothing imports.
      if (file.startsWith("lib/console/page/")) return [];
      const lines = text.split("\n");
      return lines.flatMap((line, index) => {
        const above = lines[index - 1] ?? "";
        // The first of several signatures has the docstring.
        const isDocumented = above.endsWith("*/") || above.startsWith("export function");
        return exported.test(line) && !isDocumented ? [`${file}:${index + 1}`] : [];
      });
    });
    expect(bare).toEqual([]);
  });

  it("states the default of every option that may be left out, besides those of commands", () => {
    const options = /^export interface (\w+(?:Options|Deps))\b[^{]*\{([\s\S]*?)^\}/gm;
    const member = /((?:^ *(?:\/\*\*|\*).*\n)*)^ {2}(?:readonly )?(\w+)\?[:(]/gm;
    const silent = [...sources].flatMap(([file, text]) =>
      file.includes("cli/")
        ? []
        : [...text.matchAll(options)].flatMap(([, type, body = ""]) =>
            [...body.matchAll(member)].flatMap(([, doc = "", name]) =>
              doc.includes("@default") ? [] : [`${file}: ${type}.${name}`],
            ),
          ),
    );
    expect(silent).toEqual([]);
  });

  it("has no file in lib over 300 lines", () => {
    const long = [...sources].filter(([, text]) => text.split("\n").length > 300).map(([file]) => file);
    expect(long).toEqual([]);
  });
});
