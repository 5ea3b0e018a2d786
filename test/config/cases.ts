import { sinks, source, variable, written } from "./sample.ts";

/** A configuration, and what is told by it. */
export type Case = readonly [name: string, value: unknown];

export const bySource = (changes: object) => written({ sources: [{ ...source, ...changes }] });
export const bySink = (sink: object) => written({ sinks: { one: sink } });
export const webhook = { type: "webhook", url: "https://hooks.example/x" };

const filters: readonly Case[] = [
  ["values", { type: ["a", 5, null, true] }],
  [
    "every operator",
    {
      a: [
        { prefix: "x" },
        { suffix: { "equals-ignore-case": "x" } },
        { "equals-ignore-case": "x" },
        { wildcard: "a*" },
        { cidr: "10.0.0.0/8" },
        { exists: false },
        { numeric: [">", 0, "<=", 5] },
        { "anything-but": ["a"] },
        { "anything-but": { prefix: ["a", "b"] } },
      ],
    },
  ],
  ["branches at any depth", { data: { $or: [{ task: { name: ["x"] } }, { change: { to: ["y"] } }] } }],
];

const wrongFilters: readonly Case[] = [
  ["no list", { type: "a" }],
  ["an unknown operator", { type: [{ matches: "x" }] }],
  ["two operators in one", { type: [{ prefix: "x", suffix: "y" }] }],
  ["one branch", { $or: [{ type: ["a"] }] }],
  ["nothing", {}],
  ["an empty list", { type: [] }],
  ["a list in a list", { type: [["a"]] }],
  ["a wrong exists", { type: [{ exists: "true" }] }],
];

const filtered = ([name, filter]: Case): Case => [`a filter with ${name}`, bySink({ ...webhook, filter })];

/** Configurations that the schema and the loader accept. */
export const accepted: readonly Case[] = [
  ["the least configuration", written()],
  ["a $schema for editors", { $schema: "./bridge.schema.json", ...written() }],
  [
    "every source option",
    bySource({ instances: "all", startFrom: "all", lookback: "5m", pageSize: 1, overdue: { "*": "1h" } }),
  ],
  [
    "variables in fields of a fixed form",
    bySource({ engine: variable("ENGINE"), lookback: variable("SPAN") }),
  ],
  ["a token", bySource({ credentials: { token: variable("TEXT") } })],
  [
    "a webhook with all its options",
    bySink({
      ...webhook,
      mode: variable("MODE"),
      secret: "ssm:/x",
      headers: { "X-Team": "ops" },
      allowPrivateNetwork: ["10.0.0.0/8"],
      timeout: "3s",
    }),
  ],
  [
    "what all sinks share",
    bySink({
      type: "file",
      path: "x",
      filter: { type: ["a"] },
      retry: { maxAge: "1d" },
      rate: { events: 1, per: "1s" },
    }),
  ],
  ["the file checkpoint and delivery", written({ checkpoint: { type: "file" }, delivery: { maxAge: "1d" } })],
  ...filters.map(filtered),
];

/** What both refuse. */
export const refused: readonly Case[] = [
  ["nothing", {}],
  ["no source", written({ sources: [] })],
  ["no sink", written({ sinks: {} })],
  ["a missing region", written({ sources: [{ ...source, region: undefined }] })],
  ["an unknown engine", bySource({ engine: "redis" })],
  ["an unknown key", bySource({ regoin: "x" })],
  ["a wrong duration", bySource({ lookback: "15 minutes" })],
  ["a page that is too large", bySource({ pageSize: 101 })],
  ["half a key pair", bySource({ credentials: { ak: "x" } })],
  ["an unknown sink type", bySink({ type: "telegraph" })],
  ["a webhook without URL", bySink({ type: "webhook" })],
  ["an option of another sink", bySink({ type: "console", url: "https://a.example" })],
  ["a wrong shared option", bySink({ type: "console", rate: { events: 0, per: "1s" } })],
  ["a bad sink name", written({ sinks: { "a b": sinks.out } })],
  ["an unknown checkpoint", written({ checkpoint: { type: "redis" } })],
  ...wrongFilters.map(filtered),
];
