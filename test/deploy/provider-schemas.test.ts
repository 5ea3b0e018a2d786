import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Block, modules, parsed } from "./hcl.ts";

/**
 * Arguments of the providers' resources, by path; `!` marks those that must be given. Taken from the typed bindings
 * `@cdktf/provider-aws` 21.22.1 and `@cdktf/provider-opentelekomcloud` 12.0.16, which are made of the providers' own
 * schemas; of `huaweicloud`, which has no such package, from the schemas in its source, read by hand.
 */
const providers = JSON.parse(
  readFileSync(new URL("provider-schemas.json", import.meta.url), "utf8"),
) as Readonly<
  Record<string, { readonly version: string; readonly resources: Readonly<Record<string, string>> }>
>;

/** Arguments of every resource; `dynamic` makes blocks in any. */
const meta = new Set(["count", "for_each", "depends_on", "lifecycle", "provider"]);

const isBlock = (value: unknown): value is Block => typeof value === "object" && value !== null;
const blocksIn = (value: unknown): readonly Block[] => [value].flat().filter(isBlock);

/** What a block gives that its schema has not, and what it lacks. */
function mistakesIn(block: Block, schema: ReadonlyMap<string, boolean>, at = ""): readonly string[] {
  const dynamic = blocksIn(block["dynamic"]).flatMap((each) => Object.entries(each));
  // Two underscores mark what the parser adds.
  const isOwn = (name: string): boolean =>
    name !== "dynamic" && !name.startsWith("__") && !(at === "" && meta.has(name));
  const given = Object.keys(block).filter(isOwn);
  const names = new Set([...given, ...dynamic.map(([name]) => name)]);
  const own = schema.keys().filter((path) => path.startsWith(at) && !path.slice(at.length).includes("."));
  const lacking = [...own].filter((path) => schema.get(path) && !names.has(path.slice(at.length)));
  const inner = [
    ...given.flatMap((name) => blocksIn(block[name]).map((each) => [name, each] as const)),
    ...dynamic.flatMap(([name, each]) =>
      blocksIn((each as Block)["content"]).map((content) => [name, content] as const),
    ),
  ];
  return [
    ...[...names].filter((name) => !schema.has(at + name)).map((name) => `${at}${name} is unknown`),
    ...lacking.map((path) => `${path} is missing`),
    ...inner.flatMap(([name, each]) =>
      schema.keys().some((path) => path.startsWith(`${at}${name}.`))
        ? mistakesIn(each, schema, `${at}${name}.`)
        : [],
    ),
  ];
}

const schemaOf = (text: string): ReadonlyMap<string, boolean> =>
  new Map(text.split(" ").map((path) => [path.replace("!", ""), path.endsWith("!")]));

describe.each(Object.entries(providers))("deploy/terraform/%s", (module, { version, resources }) => {
  it(`gives its resources what the provider's schema ${version} has, and all that it asks for`, () => {
    const mistakes = readdirSync(`${modules}/${module}`)
      .filter((file) => file.endsWith(".tf"))
      .flatMap((file) => {
        const { resource = [], data = [] } = parsed(module, file);
        const of = (kind: string, all: typeof resource) =>
          all
            .flatMap((each) => Object.entries(each))
            .map(([type, named]) => [`${kind}${type}`, named] as const);
        return [...of("", resource), ...of("data.", data)];
      })
      .flatMap(([type, named]) => {
        const schema = resources[type];
        if (schema === undefined) return [`${type} is in no schema`];
        return Object.values(named).flatMap((block) =>
          mistakesIn(block, schemaOf(schema)).map((mistake) => `${type}: ${mistake}`),
        );
      });
    expect(mistakes).toEqual([]);
  });
});
