import { buffer } from "node:stream/consumers";
import { type Served, serve } from "./serve.ts";

export interface TableServer extends Served {
  /** Number of calls since its start. */
  readonly calls: () => number;
}

type StoredItem = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The part of DynamoDB that a checkpoint table uses, in memory: every write passes, whatever its
 * condition. Only the client's cost counts here; stores are tested elsewhere.
 */
export async function serveTable(): Promise<TableServer> {
  const items = new Map<string, StoredItem>();
  const keyOf = ({ pk, sk }: StoredItem) => `${pk?.["S"]} ${sk?.["S"]}`;
  let calls = 0;
  const served = await serve(async (request, response) => {
    calls += 1;
    const asked = JSON.parse((await buffer(request)).toString());
    const operation = String(request.headers["x-amz-target"]).split(".")[1];
    const result: Record<string, unknown> = {};
    if (operation === "PutItem") items.set(keyOf(asked.Item), asked.Item);
    if (operation === "GetItem") result["Item"] = items.get(keyOf(asked.Key));
    if (operation === "TransactWriteItems")
      for (const { Put } of asked.TransactItems) if (Put) items.set(keyOf(Put.Item), Put.Item);
    if (operation === "Query") {
      const wanted = Object.values<{ S: string }>(asked.ExpressionAttributeValues)[0]?.S;
      result["Items"] = items
        .values()
        .filter(({ pk }) => pk?.["S"] === wanted)
        .toArray();
    }
    const body = JSON.stringify(result);
    response.writeHead(200, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
  return { ...served, calls: () => calls };
}
