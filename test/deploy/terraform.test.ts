import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Block, type Hcl, modules, parsed, root } from "./hcl.ts";

const page = readFileSync(join(root, "docs/deploy-terraform.md"), "utf8");

const filesOf = (module: string) => readdirSync(join(modules, module)).filter((file) => file.endsWith(".tf"));
const read = (module: string) =>
  filesOf(module)
    .map((file) => readFileSync(join(modules, module, file), "utf8"))
    .join("\n");
const named = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, name]) => name));

const blocks = (of: Hcl[keyof Hcl], type: string): readonly Block[] =>
  of.flatMap((each) => Object.values(each[type] ?? {}));

interface Policy {
  readonly PolicyDocument: { readonly Statement: readonly Block[] };
}

describe.each(readdirSync(modules))("deploy/terraform/%s", (module) => {
  const text = read(module);

  it.each(filesOf(module))("is in %s what an HCL parser reads", (file) => {
    expect(() => parsed(module, file)).not.toThrow();
  });

  it("uses each variable that it declares, and declares each that it uses", () => {
    expect(named(text, /\bvar\.(\w+)/g)).toEqual(named(text, /^variable "(\w+)"/gm));
  });

  it("takes what docs/deploy-terraform.md gives it, which has all that it must be given", () => {
    const example = [...page.matchAll(/^```hcl\n([\s\S]*?)^```$/gm)].find(([, block = ""]) =>
      block.includes(`"./deploy/terraform/${module}"`),
    );
    expect(example).toBeDefined();
    const given = named(example?.[1] ?? "", /^ {2}(\w+) +=/gm);
    given.delete("source");
    const declared = [...text.matchAll(/^variable "(\w+)" \{([\s\S]*?)^\}/gm)];
    const required = declared.filter(([, , body = ""]) => !/^ {2}default +=/m.test(body));
    expect(declared.map(([, name]) => name)).toEqual(expect.arrayContaining([...given]));
    expect([...given]).toEqual(expect.arrayContaining(required.map(([, name]) => name)));
  });

  it("refers only to resources and data that it has", () => {
    const made = named(text, /^(?:resource|data) "(\w+" "\w+)"/gm);
    const used = [
      ...text.matchAll(/\b(?:data\.)?((?:huaweicloud|opentelekomcloud|aws)_\w+)\.([a-z]\w*)/g),
    ].map(([, type, name]) => `${type}" "${name}`);
    expect(used).not.toEqual([]);
    expect(used.filter((resource) => !made.has(resource))).toEqual([]);
  });

  it("repeats no call of the timer, and drops one that waited a minute", () => {
    expect(text).toMatch(/(?:max_async|maximum)_retry_attempts += 0\n/);
    expect(text).toMatch(/(?:max_async|maximum)_event_age_in_seconds += 60\n/);
  });

  it("allows no action by a wildcard", () => {
    const denied = /effect += "Deny"\n +actions += .*/g;
    expect([...text.replaceAll(denied, "").matchAll(/"(\w+:\w*:?\*)"/g)]).toEqual([]);
  });
});

describe("deploy/terraform/aws, beside serverless.yml", () => {
  const stack = parse(readFileSync(join(root, "serverless.yml"), "utf8"), { logLevel: "silent" }) as {
    readonly functions: { readonly poll: Block };
    readonly resources: {
      readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Block }>>;
    };
  };
  const resources = stack.resources.Resources;
  const main = parsed("aws", "main.tf");
  const role = main.data.flatMap((each) => each["aws_iam_policy_document"]?.["poll"] ?? [])[0] as {
    readonly statement: readonly Block[];
    readonly dynamic: readonly { readonly statement: { readonly content: readonly Block[] } }[];
  };
  const statements = [...role.statement, ...role.dynamic.flatMap(({ statement }) => statement.content)];

  it("lets the function do the same", () => {
    const policies = (resources["PollRole"]?.Properties["Policies"] ?? []) as readonly Policy[];
    const expected = policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map(({ Sid, Action }) => [Sid, [Action].flat()]),
    );
    expect(statements.map(({ sid, actions }) => [sid, actions])).toEqual(expected);
  });

  it("lets it do so to its own log, table, index and queue, and to the named parameters", () => {
    expect(statements.map((statement) => statement["resources"]).slice(0, -1)).toEqual([
      ["${" + "aws_cloudwatch_log_group.poll.arn}:*"],
      ["${" + "aws_dynamodb_table.checkpoints.arn}"],
      ["${" + "aws_dynamodb_table.checkpoints.arn}/index/activity"],
      ["${" + "aws_sqs_queue.failed_runs.arn}"],
    ]);
    expect(String(statements.at(-1)?.["resources"])).toMatch(/for name in statement\.value.*:parameter\//s);
  });

  it("raises the same alarms", () => {
    const fields: Readonly<Record<string, string>> = {
      AlarmDescription: "alarm_description",
      Namespace: "namespace",
      MetricName: "metric_name",
      Statistic: "statistic",
      Period: "period",
      EvaluationPeriods: "evaluation_periods",
      DatapointsToAlarm: "datapoints_to_alarm",
      Threshold: "threshold",
      ComparisonOperator: "comparison_operator",
      TreatMissingData: "treat_missing_data",
    };
    const expected = Object.values(resources)
      .filter(({ Type }) => Type === "AWS::CloudWatch::Alarm")
      .map(({ Properties }) => Object.keys(fields).map((field) => Properties[field]));
    const made = blocks(parsed("aws", "alarms.tf").resource, "aws_cloudwatch_metric_alarm").map((alarm) =>
      Object.values(fields).map((field) => alarm[field]),
    );
    expect(made.toSorted()).toEqual(expected.toSorted());
  });

  it("keeps the table as it does: its keys, index, time to live and backup", () => {
    const [table] = blocks(main.resource, "aws_dynamodb_table");
    expect(table).toMatchObject({
      billing_mode: "PAY_PER_REQUEST",
      hash_key: "pk",
      range_key: "sk",
      deletion_protection_enabled: true,
      global_secondary_index: [
        { name: "activity", hash_key: "activityPart", range_key: "activeMs", projection_type: "KEYS_ONLY" },
      ],
      server_side_encryption: [{ enabled: true }],
      point_in_time_recovery: [{ enabled: true }],
      ttl: [{ attribute_name: "expiresAt", enabled: true }],
    });
  });

  it("runs the function as it does, each minute, and refuses its queue to what is not encrypted", () => {
    const [lambda] = blocks(main.resource, "aws_lambda_function");
    const { memorySize, timeout, reservedConcurrency } = stack.functions.poll;
    expect(lambda).toMatchObject({
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      handler: "poll.handler",
      memory_size: memorySize,
      timeout,
      reserved_concurrent_executions: reservedConcurrency,
    });
    expect(blocks(main.resource, "aws_cloudwatch_event_rule")).toMatchObject([
      { schedule_expression: "rate(1 minute)" },
    ]);
    expect(main.data.flatMap((each) => each["aws_iam_policy_document"]?.["failed_runs"] ?? [])).toMatchObject(
      [
        {
          statement: [
            {
              effect: "Deny",
              actions: ["sqs:*"],
              condition: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
            },
          ],
        },
      ],
    );
  });
});
