import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awsSecrets } from "../../../lib/aws/secrets.ts";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { sinkAt } from "../../contract/service.ts";
import { type Moto, startMoto } from "../../services/moto.ts";
import { eventOf } from "../chat/sample.ts";
import { emailSink, from, mailOf, to } from "../mail/service.ts";
import { running, sampleDeps, sampleEvent } from "../sample.ts";
import { arn, type Message, openResources, type Resources, region } from "./moto-resources.ts";
import {
  type AwsService,
  eventbridgeService,
  kinesisService,
  snsService,
  sqsService,
  stepfunctionsService,
} from "./services.ts";

// AWS as its Python community knows it: an emulator that others wrote, which checks signatures with botocore.
let moto: Moto;
let resources: Resources;
beforeAll(async () => {
  moto = await startMoto();
  resources = openResources(moto);
});
afterAll(async () => {
  await resources.close();
  await moto.stop();
});

const accepted = { kind: "accepted" };
const hostile = "绑定 🎉 <b>&amp;\"'\\ \u0001\u007f\u2028";
const events = [
  sampleEvent(1),
  sampleEvent(2, { name: hostile, params: { hostile } }),
  { ...sampleEvent(3), subject: "任务 3" },
];
const texts = (sent: readonly CloudEvent[]) => sent.map((event) => JSON.stringify(event));

async function deliver(
  service: AwsService,
  options: object,
  sent: readonly CloudEvent[],
  key: object = moto.key,
) {
  const sink = sinkAt(service, moto.origin, { ...options }, { ...sampleDeps, environment: { ...key } });
  const results = await sink.deliver(sent, running());
  await sink.close();
  return results;
}

const attributesOf = ({ MessageAttributes = {} }: Message) =>
  Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]));

const fifoIdsOf = ({ Attributes }: Message) => [
  Attributes["MessageGroupId"],
  Attributes["MessageDeduplicationId"],
];

describe.each(["", ".fifo"])("tasks%s", (suffix) => {
  async function expectAllIn(queue: string, service: AwsService, options: object): Promise<void> {
    expect(await deliver(service, options, events)).toEqual(events.map(() => accepted));
    const messages = await resources.messages(await resources.queue(queue));
    expect(messages.map(({ Body }) => Body)).toEqual(texts(events));
    expect(messages.map(attributesOf)).toEqual(
      events.map(({ type, data: { task, instance } }) => ({
        type,
        status: task.status,
        task_name: task.name.replace("\u0001", "\ufffd"),
        engine: instance.engine,
        region: instance.region,
        instance: instance.instanceId,
      })),
    );
    const groups = ["t-0001", "t-0002", expect.stringMatching(/^[0-9a-f]{64}$/)];
    expect(messages.map(fifoIdsOf)).toEqual(
      events.map(({ id }, index) => (suffix ? [groups[index], id] : [undefined, undefined])),
    );
    // FIFO drops the repeat.
    expect(await deliver(service, options, events.slice(0, 1))).toEqual([accepted]);
    expect(await resources.messages(await resources.queue(queue))).toHaveLength(suffix ? 3 : 4);
  }

  it("of SQS gets each event with its attributes", async () => {
    const queueUrl = await resources.queue(`tasks${suffix}`);
    await expectAllIn(`tasks${suffix}`, sqsService, { queueUrl });
  });

  it("of SNS brings each event with its attributes to a subscriber", async () => {
    const topicArn = await resources.topicTo(`heard${suffix}`, `tasks${suffix}`);
    await expectAllIn(`heard${suffix}`, snsService, { topicArn });
  });
});

describe("EventBridge", () => {
  it("takes each event by a rule on its source to a queue", async () => {
    await resources.busTo("ruled", "tasks", "dms");
    for (const source of ["dms", "other"]) {
      const results = await deliver(eventbridgeService, { bus: "tasks", source }, events);
      expect(results).toEqual(events.map(() => accepted));
    }
    const messages = await resources.messages(await resources.queue("ruled"));
    const told = messages.map(({ Body }) => {
      const { source, "detail-type": type, resources, time, detail } = JSON.parse(Body);
      return { source, type, resources, time, detail };
    });
    expect(told).toEqual(
      events.map((event) => ({
        source: "dms",
        type: event.type,
        resources: [event.source],
        time: "2026-01-01T00:00:00Z",
        detail: event,
      })),
    );
  });
});

describe("Step Functions", () => {
  it("starts one execution an event, and none for its repeat", async () => {
    const stateMachineArn = await resources.stateMachine("after-task");
    const later = { ...sampleEvent(), time: "2026-01-01T00:00:01.000Z" };
    for (const event of [sampleEvent(), sampleEvent(), later]) {
      expect(await deliver(stepfunctionsService, { stateMachineArn }, [event])).toEqual([accepted]);
    }
    expect(await resources.executions(stateMachineArn)).toEqual([
      { name: expect.stringMatching(/^t-0001-SUCCESS-[0-9a-f]{32}$/), input: JSON.stringify(sampleEvent()) },
    ]);
  });
});

describe("Kinesis", () => {
  it("keeps each event as one record under its task's key, a task's in order", async () => {
    await resources.stream("tasks", 2);
    const again = { ...sampleEvent(1), id: sampleEvent(9).id };
    expect(await deliver(kinesisService, { stream: "tasks" }, events)).toEqual(events.map(() => accepted));
    const stream = arn("kinesis", "stream/tasks");
    expect(await deliver(kinesisService, { stream }, [again])).toEqual([accepted]);
    const records = (await resources.records("tasks")).map(({ PartitionKey, Data }) => ({
      key: PartitionKey,
      text: Buffer.from(Data, "base64").toString(),
    }));
    const sent = [...events, again].map((event) => ({ key: event.subject, text: JSON.stringify(event) }));
    const byTask = (list: typeof sent) => Map.groupBy(list, ({ key }) => key);
    expect(byTask(records)).toEqual(byTask(sent));
  });
});

describe("SES", () => {
  const mailer = () =>
    emailSink(
      { ses: { endpoint: moto.origin } },
      { ...sampleDeps, environment: { AWS_REGION: region, ...moto.key } },
    );

  it("takes no mail of a sender that is not verified, and then takes it as it is", async () => {
    expect(await mailer().deliver([eventOf("failed")], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized" },
    ]);
    await resources.sender();
    expect(await mailer().deliver([eventOf("failed")], running())).toEqual([accepted]);
    const mails = await resources.mails();
    expect(mails).toMatchObject([{ source: from }]);
    const { headers, text } = mailOf(mails[0]?.raw_data ?? "");
    expect(headers.get("to")).toBe(to.join(", "));
    expect(text).toContain("Took 5 s");
  });
});

describe("references to secrets", () => {
  it("give what is stored", async () => {
    const { aws } = resources;
    await aws.call("ssm", "PutParameter", { Name: "/bridge/key", Value: hostile, Type: "SecureString" });
    const ClientRequestToken = "0".repeat(32);
    const stored = { Name: "bridge", SecretString: JSON.stringify({ token: hostile }), ClientRequestToken };
    await aws.call("secretsmanager", "CreateSecret", stored);
    const { ssm, secretsmanager } = awsSecrets(aws);
    expect(await ssm("ssm:/bridge/key")).toBe(hostile);
    expect(await secretsmanager("secretsmanager:bridge#token")).toBe(hostile);
    await expect(ssm("ssm:/none")).rejects.toMatchObject({ code: "ParameterNotFound" });
    await expect(secretsmanager("secretsmanager:none")).rejects.toMatchObject({
      code: "ResourceNotFoundException",
    });
  });
});

describe("a target that is not there", () => {
  it.each([
    ["a queue", sqsService, () => ({ queueUrl: `${moto.origin}/123456789012/none` })],
    ["a topic", snsService, () => ({ topicArn: arn("sns", "none") })],
    ["a bus", eventbridgeService, () => ({ bus: "none" })],
    [
      "a state machine",
      stepfunctionsService,
      () => ({ stateMachineArn: arn("states", "stateMachine:none") }),
    ],
    ["a stream", kinesisService, () => ({ stream: "none" })],
  ])("blocks: %s", async (_, service, options) => {
    const results = await deliver(service, options(), [sampleEvent()]);
    expect(results).toMatchObject([{ kind: "blocked", reason: "not_found" }]);
  });
});

describe("a key", () => {
  const unauthorized = [{ kind: "blocked", reason: "unauthorized" }];

  it.each(
    Object.entries({ sqsService, snsService, eventbridgeService, stepfunctionsService, kinesisService }),
  )("that may not, or that is wrong, blocks: %s", async (_, service) => {
    const wrong = { ...moto.key, AWS_SECRET_ACCESS_KEY: "wrong" };
    expect(await deliver(service, {}, [sampleEvent()], moto.idleKey)).toMatchObject(unauthorized);
    expect(await deliver(service, {}, [sampleEvent()], wrong)).toMatchObject(unauthorized);
  });
});

describe("an event that is refused", () => {
  const large = sampleEvent(2, { params: "x".repeat(300_000) });

  it("takes no other of its batch along: SNS", async () => {
    const topicArn = await resources.topicTo("beside", "beside");
    const results = await deliver(snsService, { topicArn }, [sampleEvent(1), large, sampleEvent(3)]);
    expect(results).toMatchObject([accepted, { kind: "permanent", reason: "rejected" }, accepted]);
    const messages = await resources.messages(await resources.queue("beside"));
    expect(messages.map(({ Body }) => Body)).toEqual(texts([sampleEvent(1), sampleEvent(3)]));
  });

  it("takes no other of its batch along: EventBridge", async () => {
    const untyped = Object.assign(sampleEvent(2), { type: "" });
    const results = await deliver(eventbridgeService, {}, [sampleEvent(1), untyped, sampleEvent(3)]);
    expect(results).toMatchObject([accepted, { kind: "permanent", reason: "rejected" }, accepted]);
  });

  it("is too large for a queue", async () => {
    const queueUrl = await resources.queue("narrow");
    const huge = sampleEvent(1, { params: "x".repeat(1_100_000) });
    expect(await deliver(sqsService, { queueUrl }, [huge])).toMatchObject([
      { kind: "permanent", reason: "too_large" },
    ]);
  });
});
