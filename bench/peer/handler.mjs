// The bridge's job as a user would write it on the official clients: load the known tasks, list, compare, store the changes.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { KafkaClient, ListBackgroundTasksRequest } from "@huaweicloud/huaweicloud-sdk-kafka";

const { API, DYNAMODB, INSTANCE, AK, SK, PROJECT } = process.env;
const kafka = KafkaClient.newBuilder()
  .withCredential(new BasicCredentials().withAk(AK).withSk(SK).withProjectId(PROJECT))
  .withEndpoint(API)
  .build();
const dynamodb = new DynamoDBClient({ region: "eu-west-1", endpoint: DYNAMODB });
const TableName = "checkpoints";
const Key = { pk: { S: `peer/${INSTANCE}` }, sk: { S: "tasks" } };

/** Lists all tasks of the instance. */
export async function list() {
  const tasks = [];
  for (;;) {
    const request = new ListBackgroundTasksRequest(INSTANCE);
    request.withStart(tasks.length + 1).withLimit(100);
    const page = await kafka.listBackgroundTasks(request);
    tasks.push(...page.tasks);
    if (page.tasks.length === 0 || tasks.length >= Number(page.task_count)) return tasks;
  }
}

export async function handler() {
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  const known = new Map(JSON.parse(Item?.tasks?.S ?? "[]"));
  const tasks = await list();
  const changed = tasks.filter(({ id, status }) => known.get(id) !== status);
  if (changed.length > 0) {
    const next = JSON.stringify(tasks.map(({ id, status }) => [id, status]));
    await dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, tasks: { S: next } } }));
  }
  return changed.length;
}
