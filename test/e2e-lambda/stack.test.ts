import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runMetrics } from "../../lib/serverless/metrics.ts";
import { buildArtifact } from "./stage.ts";

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
}

const folder = mkdtempSync(join(tmpdir(), "bridge-stack-"));
const root = fileURLToPath(new URL("../..", import.meta.url));
const osls = createRequire(import.meta.url).resolve("osls/bin/serverless.js");
let resources: Readonly<Record<string, Resource>> = {};

beforeAll(() => {
  buildArtifact(join(folder, "dist/lambda"));
  copyFileSync(join(root, "serverless.yml"), join(folder, "serverless.yml"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [osls, "package", "--package", "out"], {
    cwd: folder,
    encoding: "utf8",
    // No credentials, and no network but a proxy that does not exist.
    env: { PATH: process.env["PATH"], HOME: folder, HTTPS_PROXY: "http://127.0.0.1:1" },
  });
  expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("Service packaged")]);
  expect(stdout + stderr).not.toMatch(/invalid configuration|warning|deprecat/i);
  const template = readFileSync(join(folder, "out/cloudformation-template-update-stack.json"), "utf8");
  resources = (JSON.parse(template) as { Resources: typeof resources }).Resources;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ofType = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);
const only = (type: string) => {
  const [found, ...others] = ofType(type);
  if (!found || others.length > 0) throw new Error(`not one ${type}`);
  return found;
};

/** Every object in a value that looks like a statement of a policy. */
function statements(value: unknown): readonly Statement[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "Effect" in value && "Action" in value ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statements)];
}

describe("the stack that serverless.yml makes", () => {
  it("allows no action and no resource by a wildcard", () => {
    const allowed = statements(resources).filter(({ Effect }) => Effect === "Allow");
    expect(allowed.length).toBeGreaterThan(4);
    for (const { Action, Resource } of allowed) {
      expect([Action].flat().join()).toMatch(/^[a-zA-Z:,]+$/);
      expect(JSON.stringify(Resource) ?? "").not.toContain("*");
    }
  });

  it("lets the function do what it does, and nothing else", () => {
    const actions = statements(only("AWS::IAM::Role").Properties["Policies"]).flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "sqs:SendMessage",
      "ssm:GetParameter",
    ]);
  });

  it("keeps, encrypts and backs up the table, and is charged by request", () => {
    const table = only("AWS::DynamoDB::Table");
    expect(table.DeletionPolicy).toBe("Retain");
    expect(table.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
  });

  it("encrypts the queue of failed runs and the artifact's bucket", () => {
    expect(only("AWS::SQS::Queue").Properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(only("AWS::S3::Bucket").Properties).toHaveProperty("BucketEncryption");
  });

  it("runs the function each minute, alone, within the minute, and sends what failed to the queue", () => {
    expect(only("AWS::Lambda::Function").Properties).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "dist/lambda/poll.handler",
      ReservedConcurrentExecutions: 1,
      Timeout: 55,
    });
    expect(only("AWS::Events::Rule").Properties).toMatchObject({ ScheduleExpression: "rate(1 minute)" });
    expect(only("AWS::Lambda::EventInvokeConfig").Properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": ["FailedRuns", "Arn"] } } },
      MaximumRetryAttempts: 0,
    });
    expect(only("AWS::Logs::LogGroup").Properties).toMatchObject({ RetentionInDays: 30 });
  });

  it("raises an alarm for everything an operator must see, each to the topic", () => {
    const alarms = ofType("AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);
    expect(alarms.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`).toSorted()).toEqual([
      "AWS/DynamoDB WriteThrottleEvents",
      "AWS/Lambda Errors",
      "AWS/Lambda Throttles",
      "DmsTaskBridge DeadLettered",
      "DmsTaskBridge OldestPendingAge",
      "DmsTaskBridge SuccessfulRuns",
    ]);
    for (const alarm of alarms) expect(alarm["AlarmActions"]).toEqual([{ Ref: "Alarms" }]);
    const silence = alarms.find(({ MetricName }) => MetricName === "SuccessfulRuns");
    expect(silence).toMatchObject({ TreatMissingData: "breaching", ComparisonOperator: "LessThanThreshold" });
  });

  it("watches and draws only metrics that the function writes, under its name", () => {
    const run = { runId: "r", startedAt: "", durationMs: 0, streams: [], sinks: {} };
    const written = Object.keys(runMetrics(run, 0));
    const name = only("AWS::Lambda::Function").Properties["FunctionName"];
    for (const { Properties } of ofType("AWS::CloudWatch::Alarm")) {
      if (Properties["Namespace"] !== "DmsTaskBridge") continue;
      expect(written).toContain(Properties["MetricName"]);
      expect(Properties["Dimensions"]).toEqual([{ Name: "FunctionName", Value: name }]);
    }
    const body = only("AWS::CloudWatch::Dashboard").Properties["DashboardBody"] as { "Fn::Sub": string };
    const { widgets } = JSON.parse(body["Fn::Sub"]) as {
      widgets: { properties: { metrics: string[][] } }[];
    };
    for (const { properties } of widgets) {
      let namespace = "";
      for (const [given = "", metric] of properties.metrics) {
        if (given !== ".") namespace = given;
        if (namespace === "DmsTaskBridge") expect(written).toContain(metric);
      }
    }
  });
});
