import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { sinkTypes } from "../lib/sinks/index.ts";

const root = path.resolve(import.meta.dirname, "..");

const files = (folder: string): readonly string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
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

/** The part of the design a file belongs to. */
function partOf(file: string): string {
  const [top, second] = file.split("/");
  return top === "lib" && second && !second.endsWith(".ts") ? second : file;
}

/** lib's own files that everything may use: words, errors, and small tools. */
const shared = new Set(
  [
    "names",
    "errors",
    "basic-time",
    "clock",
    "each",
    "exchange",
    "html",
    "ip",
    "json",
    "network-errors",
    "retry-after",
    "spread",
    "time-limit",
  ].map((name) => `lib/${name}.ts`),
);

/** Which parts a part may import; the one way that the design draws. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  change: [],
  // The sink port's words (why a delivery failed) are stored in the record.
  checkpoint: ["change", "sinks/sink.ts", "aws"],
  delivery: ["change", "checkpoint", "sinks/sink.ts", "aws", "telemetry"],
  sinks: ["change", "telemetry", "config/duration.ts", "config/fields.ts", "aws", "huawei"],
  source: ["change", "config", "telemetry", "huawei"],
  preview: ["change", "sinks", "telemetry"],
  fleet: ["change", "checkpoint", "delivery", "sinks/sink.ts", "aws", "telemetry"],
  telemetry: [],
  aws: ["telemetry"],
  huawei: [],
  config: ["change", "sinks", "delivery", "telemetry", "huawei"],
  // A server that checks our signatures must know how they are made.
  simulator: ["change", "source", "huawei"],
};

describe("the architecture", () => {
  it("has no import in lib against the design's direction", () => {
    const wrong = [...sources.keys()].flatMap((file) => {
      const part = partOf(file);
      const mayImport = allowed[part];
      if (!mayImport) return [];
      return importsOf(file)
        .filter((target) => target.startsWith("lib/") || target.startsWith("functions/"))
        .filter((target) => partOf(target) !== part && !shared.has(target))
        .filter((target) => !mayImport.some((name) => target.startsWith(`lib/${name}`)))
        .map((target) => `${file} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("has no way from a file back to itself", () => {
    const direct = new Map([...sources.keys()].map((file) => [file, importsOf(file)]));
    const reached = (file: string): ReadonlySet<string> => {
      const found = new Set<string>();
      const queue = [file];
      for (const each of queue) {
        for (const target of direct.get(each) ?? []) {
          if (!found.has(target)) queue.push(target);
          found.add(target);
        }
      }
      return found;
    };
    expect([...direct.keys()].filter((file) => reached(file).has(file))).toEqual([]);
  });

  it("has no import of functions in lib, and no way from a part back to the run", () => {
    const wrong = [...sources.keys()]
      .filter((file) => allowed[partOf(file)])
      .flatMap((file) => importsOf(file).map((target) => [file, target] as const))
      .filter(([, target]) =>
        /^(functions\/|lib\/(bridge|stream-run|run|wire|snapshot|slice|cli\/))/.test(target),
      );
    expect(wrong).toEqual([]);
  });

  it("lets no sink know another, beyond what sinks over HTTP share", () => {
    const adapters = Object.keys(sinkTypes).map((name) => `lib/sinks/${name}.ts`);
    const wrong = adapters.flatMap((file) => importsOf(file).filter((target) => adapters.includes(target)));
    expect(wrong).toEqual([]);
  });

  it("keeps the pure parts free of I/O, clock, chance and environment", () => {
    const pure = [...sources.keys()].filter(
      (file) =>
        partOf(file) === "change" ||
        partOf(file) === "huawei" ||
        /^lib\/(slice|names|errors|ip|json|retry-after|spread)\.ts$/.test(file) ||
        /^lib\/checkpoint\/(checkpoint|messages|transitions|codec|activity)\.ts$/.test(file) ||
        /^lib\/delivery\/(retry|lane|batch|backlog|filter.*)\.ts$/.test(file) ||
        /^lib\/fleet\/(schedule|shard|inbox)\.ts$/.test(file) ||
        /^lib\/source\/(paging|join|parse)\.ts$/.test(file) ||
        /^lib\/sinks\/chat\/(card|digest|fit|foreign|text|slack-message|telegram-text|feishu-card)\.ts$/.test(
          file,
        ),
    );
    expect(pure.length).toBeGreaterThan(20);
    const wrong = pure.flatMap((file) => [
      ...importsOf(file)
        .filter((target) => /^(node:(?!crypto)|undici)/.test(target))
        .map((target) => `${file} -> ${target}`),
      ...[...(sources.get(file) ?? "").matchAll(/Date\.now|Math\.random|process\.env|setTimeout/g)].map(
        ([found]) => `${file}: ${found}`,
      ),
    ]);
    expect(wrong).toEqual([]);
  });

  it("reads the environment only where the process begins", () => {
    const readers = [...sources].filter(([, text]) => text.includes("process.env")).map(([file]) => file);
    expect(readers.every((file) => file.startsWith("functions/") || file.startsWith("lib/cli/"))).toBe(true);
  });

  it("has no file in lib over 300 lines", () => {
    const long = [...sources].filter(([, text]) => text.split("\n").length > 300).map(([file]) => file);
    expect(long).toEqual([]);
  });
});
