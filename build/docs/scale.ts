import { readFileSync } from "node:fs";
import { deliveryMetrics, planMetrics, runMetrics } from "../../lib/serverless/metrics.ts";
import { fill } from "./markers.ts";
import {
  assumed,
  compactMonth,
  fleetMonth,
  type Month,
  mostCompact,
  plansPerMonth,
  rules,
} from "./scale-model.ts";
import { roomTable } from "./scale-records.ts";
import { markdownTable, type TableRow } from "./table.ts";

/** US dollars, list prices of us-east-1. Inputs: look up your region's. */
const prices = {
  "Lambda, GB-second (ARM)": 0.0000133334,
  "Lambda, million requests": 0.2,
  "SQS standard, million requests": 0.4,
  "SQS FIFO, million requests": 0.5,
  "SNS FIFO, million messages published": 0.3,
  "DynamoDB, million read units": 0.125,
  "DynamoDB, million write units": 0.625,
  "CloudWatch logs, GB": 0.5,
  "CloudWatch metric": 0.3,
  "CloudWatch alarm": 0.1,
  "CloudWatch dashboard": 3,
} as const;

const million = 1_000_000;
/** Lambda's five pollers receive from an empty queue every 20 s. */
const emptyReceives = 5 * 3 * plansPerMonth;
const logBytes = 1_200;
const commitsPerChange = 2;
const recordUnits = 2;
/** Moving an index entry takes a delete and a put. */
const indexUnits = 2;
const indexQueries = 16;
const indexEntryBytes = 200;
const bytesPerReadUnit = 8_192;
/** `polling.follow`, and how long a run follows in its minute. */
const lookSeconds = 5;
const followedSeconds = 57;

type Costs = Readonly<Record<string, number>>;

function fleetCosts(month: Month): Costs {
  const deliveries = month.events;
  const seconds = {
    plan: month.planSeconds * 1,
    others: 0.5 * (month.pollSeconds + deliveries * assumed.deliverySeconds),
  };
  const invocations = plansPerMonth + month.pollInvocations + deliveries;
  const indexReads =
    plansPerMonth * (indexQueries / 2 + (month.activeStreams * indexEntryBytes) / bytesPerReadUnit);
  return {
    "Lambda, time": (seconds.plan + seconds.others) * prices["Lambda, GB-second (ARM)"],
    "Lambda, requests": (invocations / million) * prices["Lambda, million requests"],
    "SQS, polls":
      ((month.sends + 2 * month.pollInvocations + emptyReceives) / million) *
      prices["SQS standard, million requests"],
    "SNS and SQS, events":
      (month.events / million) * prices["SNS FIFO, million messages published"] +
      ((2 * deliveries + emptyReceives) / million) * prices["SQS FIFO, million requests"],
    "DynamoDB, reads": ((month.polls + indexReads) / million) * prices["DynamoDB, million read units"],
    "DynamoDB, writes":
      ((month.events * commitsPerChange * (recordUnits + indexUnits)) / million) *
      prices["DynamoDB, million write units"],
    ...watching("serverless.fleet.yml", invocations),
  };
}

const compactCosts = (month: Month): Costs => ({
  "Lambda, time": 0.5 * month.pollSeconds * prices["Lambda, GB-second (ARM)"],
  "Lambda, requests": (plansPerMonth / million) * prices["Lambda, million requests"],
  // A cached record is reloaded after five minutes.
  "DynamoDB, reads": ((month.polls / 5) * prices["DynamoDB, million read units"]) / million,
  "DynamoDB, writes":
    ((month.events * commitsPerChange * recordUnits) / million) * prices["DynamoDB, million write units"],
  ...watching("serverless.yml", plansPerMonth),
});

function watching(stack: "serverless.yml" | "serverless.fleet.yml", invocations: number): Costs {
  const file = readFileSync(new URL(`../../${stack}`, import.meta.url), "utf8");
  const alarms = file.match(/Type: AWS::CloudWatch::Alarm/g)?.length ?? 0;
  const metrics =
    stack === "serverless.yml"
      ? metricCounts.run
      : metricCounts.run + metricCounts.plan + metricCounts.delivery;
  return {
    log: ((invocations * logBytes) / 1e9) * prices["CloudWatch logs, GB"],
    "metrics, alarms, dashboard":
      metrics * prices["CloudWatch metric"] +
      alarms * prices["CloudWatch alarm"] +
      prices["CloudWatch dashboard"],
  };
}

const noSummary = { runId: "", startedAt: "", durationMs: 0, streams: [], sinks: {}, journal: null };
const metricCounts = {
  run: Object.keys(runMetrics(noSummary, 0)).length,
  plan: Object.keys(
    planMetrics({ plan: { messages: [], due: 0, busy: 0 }, watched: 0, failedSources: [], durationMs: 0 }),
  ).length,
  delivery: Object.keys(deliveryMetrics({ failed: [], accepted: 0, filtered: 0, deadLettered: 0 }, 0)).length,
};

const monthSeconds = plansPerMonth * 60;
const whole = (amount: number): string => Math.round(amount).toLocaleString("en-US");
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const small = (amount: number): string =>
  amount >= 10 ? whole(amount) : String(Number(amount.toPrecision(2)));
const dollars = (amount: number): string => {
  if (amount >= 100) return whole(amount);
  return amount < 0.01 ? "< 0.01" : amount.toFixed(2);
};

function doneTable(months: readonly Month[]): string {
  const row = (name: string, of: (month: Month) => string): TableRow => [name, ...months.map(of)];
  const rows = [
    row("polls", ({ polls }) => short.format(polls)),
    row("lists of instances", ({ listings }) => short.format(listings)),
    row("calls to the API a second, mean", (month) => small((month.polls + month.listings) / monthSeconds)),
    row("messages to the queue of polls", ({ messages }) => short.format(messages)),
    row("requests that send them", ({ sends }) => short.format(sends)),
    row("invocations of `poll`, at most", ({ pollInvocations }) => short.format(pollInvocations)),
    row("containers of `poll` at once, mean", ({ pollSeconds }) => small(pollSeconds / monthSeconds)),
    row("events", ({ events }) => short.format(events)),
  ];
  const done = rows.filter(([, ...cells]) => cells.some((cell) => cell !== "0"));
  return numbers([row("a month", ({ instances }) => whole(instances)), ...done]);
}

function costTable(months: readonly Month[], costsOf: (month: Month) => Costs): string {
  const costs = months.map(costsOf);
  const names = Object.keys(costs[0] ?? {});
  const sums = costs.map((each) => Object.values(each).reduce((sum, cost) => sum + cost, 0));
  return numbers([
    ["US dollars a month", ...months.map(({ instances }) => whole(instances))],
    ...names.map((name) => [name, ...costs.map((each) => dollars(each[name] ?? 0))]),
    ["**together**", ...sums.map((sum) => `**${dollars(sum)}**`)],
  ]);
}

/** API calls that following adds, for tasks that are open at different times, as assumed above. */
function followTable(instances: readonly number[]): string {
  const openMinutes = (count: number): number =>
    Math.min(count * assumed.tasksPerDay * assumed.taskMinutes, 24 * 60) * 30;
  const gbSeconds = (count: number): number => 0.5 * openMinutes(count) * followedSeconds;
  const looks = (count: number): number =>
    (count * 30 * assumed.tasksPerDay * assumed.taskMinutes * 60) / lookSeconds;
  return numbers([
    ["a month", ...instances.map(whole)],
    ["minutes with an open task", ...instances.map((count) => whole(openMinutes(count)))],
    ["looks, at most (durations unknown)", ...instances.map((count) => whole(looks(count)))],
    [
      "of the timer's polls",
      ...instances.map((count) => `${whole((100 * looks(count)) / (count * plansPerMonth))} %`),
    ],
    [
      "Lambda, time, US dollars",
      ...instances.map((count) => dollars(gbSeconds(count) * prices["Lambda, GB-second (ARM)"])),
    ],
  ]);
}

const numbers = (rows: readonly [TableRow, ...TableRow[]]): string =>
  markdownTable(rows, (column) => column > 0);

/** The page with its figures as the model counts them now. @throws Error for a marker that names no figures */
export function withFigures(page: string): string {
  const fleet = [1, 100, 10_000, 1_000_000].map(fleetMonth);
  const compact = [1, 100, mostCompact].map(compactMonth);
  const figures = new Map([
    [
      "assumptions",
      markdownTable([
        ["what", "assumed"],
        ["one answer of the task API", `${assumed.answerSeconds} s`],
        [
          "changes",
          `${assumed.tasksPerDay} task a day and instance, open for ${assumed.taskMinutes} minutes, ${assumed.changesPerTask} changes`,
        ],
        ["one delivery", `${assumed.deliverySeconds} s, an invocation for each event`],
        [
          "one plan",
          `${assumed.planSeconds} s, and ${assumed.planSecondsPerMillion} s for a million streams`,
        ],
        ["instances of one source", `${whole(assumed.instancesPerSource)}, listed anew every 5 minutes`],
        [
          "`fleet.maxIdle`, `shardSize`, `burst`",
          `${rules.maxIdleMs / 60_000} minutes, ${rules.shardSize}, ${rules.burst}`,
        ],
      ]),
    ],
    [
      "prices",
      numbers([
        ["price", "US dollars"],
        ...Object.entries(prices).map(([name, price]) => [name, decimal(price)]),
      ]),
    ],
    ["fleet does", doneTable(fleet)],
    ["fleet costs", costTable(fleet, fleetCosts)],
    ["compact does", doneTable(compact)],
    ["compact costs", costTable(compact, compactCosts)],
    ["following", followTable([1, 100])],
    ["room", roomTable()],
  ]);
  return fill(page, {
    figures: (name) => {
      const table = figures.get(name);
      if (table === undefined) throw new Error(`no figures are called ${name}`);
      return table;
    },
  });
}

const decimal = (price: number): string =>
  price
    .toFixed(price < 0.001 ? 10 : 3)
    .replace(/0+$/, "")
    .replace(/\.$/, "");
