import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import dynalite from "dynalite";
import { Agent, request } from "undici";
import { openAws } from "../../lib/aws/client.ts";
import { type Clock, systemClock } from "../../lib/core/clock.ts";
import { openTable, type Table } from "../../lib/stores/dynamodb/table.ts";
import { accessKey } from "../aws/sample.ts";
import { listen, untilEnd } from "./servers.ts";

/** What befalls one call: the engine never sees it, or its answer never arrives. */
export type DynamodbFault = "throttle" | "lose-request" | "lose-answer";

export interface DynamodbEngine {
  readonly origin: string;
  /** Operations that reached the proxy, in order. */
  readonly calls: string[];
  /** One for each of the next calls of the operation. */
  readonly faults: { readonly operation: string; readonly fault: DynamodbFault }[];
  /** An empty table of its own, with waits that take no time. */
  table(options?: { readonly clock?: Clock }): Promise<Table & { readonly name: string }>;
  /** One raw call, past every fault. */
  raw(operation: string, body: object): Promise<unknown>;
  close(): Promise<void>;
}

export const environment = { AWS_REGION: "eu-west-1", ...accessKey };

/** A local engine with DynamoDB's conditions, behind a proxy that injects faults and is late with what it may be late with. */
export async function startEngine(): Promise<DynamodbEngine> {
  const engine = dynalite({ createTableMs: 0 });
  const { origin: engineOrigin, ...engineServer } = await listen(engine);
  const calls: string[] = [];
  const faults: DynamodbEngine["faults"] = [];
  const proxy = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const target = String(incoming.headers["x-amz-target"]);
    const operation = target.split(".")[1] ?? "";
    calls.push(operation);
    const index = faults.findIndex((each) => each.operation === operation);
    const [struck] = index < 0 ? [] : faults.splice(index, 1);
    if (struck?.fault === "throttle") {
      outgoing.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end('{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}');
      return;
    }
    if (struck?.fault === "lose-request") return void incoming.socket.destroy();
    if (mayBeLate(operation, body)) {
      outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(operation === "GetItem" ? "{}" : '{"Count":0,"Items":[],"ScannedCount":0}');
      return;
    }
    const { authorization, "x-amz-date": date, "content-type": type } = incoming.headers;
    const answer = await request(engineOrigin, {
      method: "POST",
      headers: { "x-amz-target": target, authorization, "x-amz-date": String(date), "content-type": type },
      body,
    });
    const text = await answer.body.text();
    if (struck?.fault === "lose-answer") return void incoming.socket.destroy();
    outgoing.writeHead(answer.statusCode, { "content-type": "application/x-amz-json-1.0" });
    outgoing.end(text);
  });
  const { origin, ...proxyServer } = await listen(proxy);

  const dispatcher = new Agent();
  const direct = openAws({
    env: { ...environment, AWS_ENDPOINT_URL: engineOrigin },
    dispatcher,
    clock: systemClock,
    random: Math.random,
  });
  const raw = (operation: string, body: object) => direct.call("dynamodb", operation, body);
  let tables = 0;
  return {
    origin,
    calls,
    faults,
    raw,
    table: async ({ clock = systemClock } = {}) => {
      const name = `table-${++tables}`;
      await createTable(raw, name);
      const patient: Clock = { now: () => clock.now(), sleep: async () => {} };
      const table = openTable({ name, endpoint: origin }, { environment, clock: patient, random: () => 1 });
      return { ...table, name };
    },
    close: async () => {
      await dispatcher.close();
      for (const server of [proxyServer, engineServer]) await server.close();
    },
  };
}

/** The engine until the test ends, with a table `checkpoints`. */
export async function startCheckpoints(): Promise<DynamodbEngine> {
  const engine = await untilEnd(startEngine());
  await createTable(engine.raw, "checkpoints");
  return engine;
}

/** A read of a table that does not ask for consistency: DynamoDB may answer from before the last writes, so here it always does. */
function mayBeLate(operation: string, body: Buffer): boolean {
  if (!["GetItem", "Query", "Scan"].includes(operation)) return false;
  const { ConsistentRead, IndexName } = JSON.parse(body.toString()) as Record<string, unknown>;
  return ConsistentRead !== true && IndexName === undefined;
}

/** A table as both stacks make it. */
export async function createTable(raw: DynamodbEngine["raw"], TableName: string): Promise<void> {
  await raw("CreateTable", {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      ...["pk", "sk", "activityPart"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      { AttributeName: "activeMs", AttributeType: "N" },
    ],
    KeySchema: keySchema("pk", "sk"),
    GlobalSecondaryIndexes: [
      {
        IndexName: "activity",
        KeySchema: keySchema("activityPart", "activeMs"),
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  });
  // An index takes the engine a moment.
  while (!JSON.stringify(await raw("DescribeTable", { TableName })).includes('"TableStatus":"ACTIVE"'));
}

const keySchema = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: "HASH" },
  { AttributeName: range, KeyType: "RANGE" },
];
