import { beforeAll, describe, expect, it } from "vitest";
import { runMetrics } from "../../lib/serverless/metrics.ts";
import {
  activityIndex,
  drawnMetrics,
  expectNoWildcard,
  packagedStack,
  refusedWithoutTls,
  type Stack,
  statements,
} from "./stack.ts";

let stack: Stack;
beforeAll(() => {
  stack = packagedStack("serverless.yml");
}, 120_000);
const only = (type: string) => stack.only(type);
const ofType = (type: string) => stack.ofType(type);

describe("the stack that serverless.yml makes", () => {
  it("allows no action and no resource by a wildcard", () => {
    expectNoWildcard(stack);
  });

  it("refuses requests to its queue that are not encrypted on the way", () => {
    expect(refusedWithoutTls(stack)).toEqual(["FailedRuns"]);
  });

  it("takes along the one function it has", () => {
    expect([stack.functions, stack.parts]).toEqual([["poll"], ["poll"]]);
  });

  it("lets the function do what it does, and nothing else", () => {
    const actions = statements(only("AWS::IAM::Role").Properties["Policies"]).flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Query",
      "dynamodb:Scan",
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
      GlobalSecondaryIndexes: [activityIndex],
    });
  });

  it("lets the function scan the index of activity, and not the table", () => {
    const scans = statements(only("AWS::IAM::Role").Properties["Policies"]).filter(({ Action }) =>
      Action.includes("dynamodb:Scan"),
    );
    expect(scans.map(({ Resource }) => Resource)).toEqual([
      { "Fn::Sub": "${" + "Checkpoints.Arn}/index/activity" },
    ]);
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
      // A run starts nothing new six seconds before it.
      Timeout: 65,
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
    const run = { runId: "r", startedAt: "", durationMs: 0, streams: [], sinks: {}, journal: null };
    const written = Object.keys(runMetrics(run, 0));
    const name = only("AWS::Lambda::Function").Properties["FunctionName"];
    for (const { Properties } of ofType("AWS::CloudWatch::Alarm")) {
      if (Properties["Namespace"] !== "DmsTaskBridge") continue;
      expect(written).toContain(Properties["MetricName"]);
      expect(Properties["Dimensions"]).toEqual([{ Name: "FunctionName", Value: name }]);
    }
    const drawn = drawnMetrics(stack).filter(([namespace]) => namespace === "DmsTaskBridge");
    expect(drawn.length).toBeGreaterThan(5);
    for (const [, metric] of drawn) expect(written).toContain(metric);
  });
});
