import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { deliveryMetrics, planMetrics, runMetrics } from "../../lib/serverless/metrics.ts";
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
  stack = packagedStack("serverless.fleet.yml");
}, 120_000);

const written = readFileSync(new URL("../../serverless.fleet.yml", import.meta.url), "utf8");
const functionName = (name: string) => `dms-task-bridge-fleet-prod-${name}`;
const propertiesOf = (name: string) => stack.named(name).Properties;
const actionsOf = (role: string) =>
  statements(propertiesOf(role)["Policies"])
    .flatMap(({ Action }) => Action)
    .toSorted();
const arn = (name: string) => ({ "Fn::GetAtt": [name, "Arn"] });

describe("the stack that serverless.fleet.yml makes", () => {
  it("allows no action and no resource by a wildcard", () => {
    expectNoWildcard(stack);
  });

  it("lets each function do what it does, and nothing else", () => {
    const logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    expect(actionsOf("PlanRole")).toEqual([
      "dynamodb:Query",
      "dynamodb:Scan",
      ...logs,
      "sqs:SendMessage",
      "ssm:GetParameter",
    ]);
    expect(actionsOf("PollRole")).toEqual([
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      ...logs,
      "sns:Publish",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "ssm:GetParameter",
    ]);
    expect(actionsOf("DeliverOpsRole")).toEqual([
      ...logs,
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
      "ssm:GetParameter",
    ]);
  });

  it("keeps Huawei's key from the function that delivers, and the sink's secret from the others", () => {
    const secretsOf = (role: string) => JSON.stringify(statements(propertiesOf(role)["Policies"]));
    expect(secretsOf("DeliverOpsRole")).not.toContain("huawei");
    for (const role of ["PlanRole", "PollRole"]) expect(secretsOf(role)).not.toContain("sink-url");
  });

  it("encrypts every queue, the table, the topic of events and the artifact's bucket", () => {
    const queues = stack.ofType("AWS::SQS::Queue");
    expect(queues).toHaveLength(5);
    for (const { Properties } of queues) expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(stack.only("AWS::DynamoDB::Table").Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true },
    });
    expect(propertiesOf("Tasks")).toMatchObject({ FifoTopic: true, KmsMasterKeyId: "alias/aws/sns" });
    expect(stack.only("AWS::S3::Bucket").Properties).toHaveProperty("BucketEncryption");
  });

  it("gives the table the index that the planner reads", () => {
    expect(stack.only("AWS::DynamoDB::Table").DeletionPolicy).toBe("Retain");
    expect(stack.only("AWS::DynamoDB::Table").Properties["GlobalSecondaryIndexes"]).toEqual([activityIndex]);
  });

  it.each([
    ["Polls", "PollLambdaFunction", "PollsDead"],
    ["Ops", "DeliverOpsLambdaFunction", "OpsDead"],
  ])(
    "hides a message of %s for six time limits of its function, and has a queue for dead ones",
    (queue, lambda, dead) => {
      const timeout = Number(propertiesOf(lambda)["Timeout"]);
      expect(Number(propertiesOf(queue)["VisibilityTimeout"])).toBeGreaterThanOrEqual(6 * timeout);
      expect(propertiesOf(queue)["RedrivePolicy"]).toMatchObject({ deadLetterTargetArn: arn(dead) });
      expect(propertiesOf(dead)["MessageRetentionPeriod"]).toBe(1_209_600);
      expect(propertiesOf(dead)["FifoQueue"]).toBe(propertiesOf(queue)["FifoQueue"]);
    },
  );

  it("hands messages over with partial failures, to no more containers than are reserved", () => {
    const sources = stack.ofType("AWS::Lambda::EventSourceMapping").map(({ Properties }) => Properties);
    expect(sources.map(({ EventSourceArn }) => EventSourceArn)).toEqual([arn("Polls"), arn("Ops")]);
    for (const [source, lambda] of [
      [sources[0], "PollLambdaFunction"],
      [sources[1], "DeliverOpsLambdaFunction"],
    ] as const) {
      expect(source).toMatchObject({
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: propertiesOf(lambda)["ReservedConcurrentExecutions"] },
      });
    }
  });

  it("plans each minute, alone, and keeps order from the topic to the queue", () => {
    expect(propertiesOf("PlanLambdaFunction")).toMatchObject({
      Handler: "dist/lambda/plan.handler",
      ReservedConcurrentExecutions: 1,
    });
    expect(stack.only("AWS::Events::Rule").Properties).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
    });
    expect(propertiesOf("OpsSubscription")).toMatchObject({ RawMessageDelivery: true });
    expect(propertiesOf("Ops")).toMatchObject({ FifoQueue: true, FifoThroughputLimit: "perMessageGroupId" });
  });

  it("lets only the topic send to the sink's queues", () => {
    for (const { Properties } of stack.ofType("AWS::SQS::QueuePolicy")) {
      for (const { Effect, ...statement } of statements(Properties)) {
        if (Effect !== "Allow") continue;
        expect(statement).toMatchObject({
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Condition: { ArnEquals: { "aws:SourceArn": { Ref: "Tasks" } } },
        });
      }
    }
  });

  it("refuses requests to its queues and its topic that are not encrypted on the way", () => {
    expect(refusedWithoutTls(stack)).toEqual([
      "FailedPlans",
      "Ops",
      "OpsDead",
      "Polls",
      "PollsDead",
      "Tasks",
    ]);
  });

  it("takes along its own functions", () => {
    const own = ["deliver", "plan", "shard"];
    expect([stack.functions, stack.parts]).toEqual([own, own]);
  });

  it("raises an alarm for everything an operator must see, each to the topic", () => {
    const alarms = stack.ofType("AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);
    const names = Map.groupBy(alarms, ({ Namespace, MetricName }) => `${Namespace} ${MetricName}`);
    expect(Object.fromEntries([...names].map(([name, { length }]) => [name, length]))).toEqual({
      "AWS/DynamoDB WriteThrottleEvents": 1,
      "AWS/Lambda Errors": 2,
      "AWS/Lambda Throttles": 3,
      "AWS/SQS ApproximateAgeOfOldestMessage": 2,
      "AWS/SQS ApproximateNumberOfMessagesVisible": 2,
      "DmsTaskBridge DeadLettered": 1,
      "DmsTaskBridge OldestPendingAge": 1,
      "DmsTaskBridge StreamErrors": 1,
      "DmsTaskBridge SuccessfulRuns": 1,
    });
    for (const alarm of alarms) expect(alarm["AlarmActions"]).toEqual([{ Ref: "Alarms" }]);
    const silence = alarms.find(({ MetricName }) => MetricName === "SuccessfulRuns");
    expect(silence).toMatchObject({ TreatMissingData: "breaching", ComparisonOperator: "LessThanThreshold" });
    expect(propertiesOf("PendingAlarm")).toMatchObject({ Threshold: 900 });
  });

  it("watches and draws only metrics that its functions write, under their names", () => {
    const run = { runId: "r", startedAt: "", durationMs: 0, streams: [], sinks: {}, journal: null };
    const plan = { plan: { messages: [], due: 0, busy: 0 }, watched: 0, failedSources: [], durationMs: 0 };
    const byFunction = new Map<unknown, readonly string[]>([
      [functionName("plan"), Object.keys(planMetrics(plan))],
      [functionName("poll"), Object.keys(runMetrics(run, 0))],
      [
        functionName("deliver-ops"),
        Object.keys(deliveryMetrics({ failed: [], accepted: 0, filtered: 0, deadLettered: 0 }, 0)),
      ],
    ]);
    const watched = stack.ofType("AWS::CloudWatch::Alarm").flatMap(({ Properties }) => {
      const [dimension] = Properties["Dimensions"] as readonly { Value: unknown }[];
      return Properties["Namespace"] === "DmsTaskBridge"
        ? [[dimension?.Value, Properties["MetricName"]]]
        : [];
    });
    const drawn = drawnMetrics(stack).flatMap(([namespace, metric, , name]) =>
      namespace === "DmsTaskBridge" ? [[name, metric]] : [],
    );
    expect(watched.length + drawn.length).toBeGreaterThan(12);
    for (const [name, metric] of [...watched, ...drawn]) expect(byFunction.get(name)).toContain(metric);
  });

  it("plans at the rate that its planner counts with", () => {
    const planning = readFileSync(new URL("../../lib/serverless/planning.ts", import.meta.url), "utf8");
    expect(planning).toContain("const everyMs = 60_000;");
    expect(written).toContain("rate: rate(1 minute)");
  });
});
