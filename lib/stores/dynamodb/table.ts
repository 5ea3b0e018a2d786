import * as v from "valibot";
import { openAws } from "../../aws/client.ts";
import { AwsError } from "../../aws/errors.ts";
import type { Clock, Random } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { StoreError } from "../../core/errors.ts";
import { openAgent } from "../../net/agent.ts";
import { type Attribute, checkSize, type Item, itemSchema, textOf } from "./item.ts";

/** Primary key of an item. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** An expression with its names (`#…`) and values (`:…`). */
export interface Expression {
  readonly text: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

/** A range of one `pk`, ordered by `sk`. */
export interface KeyRange {
  readonly pk: string;
  /** Bounds of `sk`, both included. */
  readonly from: string;
  readonly until: string;
  readonly newestFirst: boolean;
  /** Selects one attribute. @default all attributes */
  readonly only?: string;
}

/** A query of one part of a secondary index. */
export interface IndexPart {
  readonly index: string;
  readonly hash: { readonly name: string; readonly value: Attribute };
  readonly above: { readonly name: string; readonly value: Attribute };
}

/** A whole secondary index. */
export interface SmallIndex extends Omit<IndexPart, "hash"> {
  /** Maximum items that one request reads. */
  readonly most: number;
}

/** One DynamoDB table with the key `pk` and `sk`. Reads are consistent. Every method throws StoreError. */
export interface Table {
  /** Null when the item does not exist. `only` selects one attribute. @default all attributes */
  get(key: Key, only?: string): Promise<Item | null>;
  /**
   * Writes an item; false when the condition failed. The item may have been written by this very call, when the
   * response of an earlier attempt was lost.
   */
  put(key: Key, attributes: Item, condition?: Expression): Promise<boolean>;
  /** Sets one attribute; false when the condition failed. */
  set(key: Key, name: string, value: Attribute, condition: Expression): Promise<boolean>;
  delete(key: Key): Promise<void>;
  /** Reads the items of one `pk` whose `sk` has the prefix. `only` selects one attribute. @default all attributes */
  query(pk: string, skPrefix: string, only?: string): Promise<readonly Item[]>;
  /** Reads a range in order, loading pages on demand. */
  range(range: KeyRange): AsyncIterable<Item>;
  /** Reads the items of one index part whose number exceeds a bound. Eventually consistent, like every index. */
  queryIndex(part: IndexPart): Promise<readonly Item[]>;
  /**
   * Reads the items of an index whose number exceeds a bound, in one request; null when the index has more items.
   * Eventually consistent.
   */
  scanIndex(index: SmallIndex): Promise<readonly Item[] | null>;
  /** Returns the `pk` of every item with this `sk`. Reads the whole table; for operator commands only. */
  scanKeys(sk: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Settings of a table. */
export interface TableOptions {
  readonly name: string;
  /** AWS region, like the endpoint. @default the environment's */
  readonly region?: string | undefined;
  /** @default the region's */
  readonly endpoint?: string | undefined;
}

/** Injected parts of a table. */
export interface TableDeps {
  /** Holds access key, region and endpoints, under AWS's variable names. */
  readonly environment: Environment;
  readonly clock: Clock;
  readonly random: Random;
}

/** Opens a table. It does not connect before the first call. */
export function openTable({ name, region, endpoint }: TableOptions, deps: TableDeps): Table {
  // When a burst ends for many streams at once, their records share these connections.
  const { dispatcher, close } = openAgent({ connections: 16 }, { environment: deps.environment });
  const { environment, clock, random } = deps;
  const env = {
    ...environment,
    ...(region && { AWS_REGION: region }),
    ...(endpoint && { AWS_ENDPOINT_URL_DYNAMODB: endpoint }),
  };
  const aws = openAws({ env, dispatcher, clock, random });

  const call = async (operation: string, body: object): Promise<unknown> => {
    try {
      return await aws.call("dynamodb", operation, { TableName: name, ...body });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw storeError(error);
    }
  };
  const conditional = async (operation: string, body: object): Promise<boolean> => {
    try {
      await call(operation, body);
      return true;
    } catch (error) {
      if (error instanceof StoreError && isRefusal(error.cause)) return false;
      throw error;
    }
  };
  async function* itemsOf(operation: "Query" | "Scan", body: object): AsyncGenerator<Item> {
    let after: Item | undefined;
    do {
      const start = after && { ExclusiveStartKey: after };
      const response = parsed(page, await call(operation, { ConsistentRead: true, ...body, ...start }));
      yield* response.Items;
      after = response.LastEvaluatedKey;
    } while (after);
  }
  const pages = async (operation: "Query" | "Scan", body: object): Promise<readonly Item[]> => {
    const items: Item[] = [];
    for await (const item of itemsOf(operation, body)) items.push(item);
    return items;
  };

  return {
    get: async (key, only) => {
      const response = await call("GetItem", {
        Key: attributesOf(key),
        ConsistentRead: true,
        ...(only && projectionOf(only)),
      });
      return parsed(found, response).Item ?? null;
    },
    put: async (key, attributes, condition) => {
      const whole = { ...attributesOf(key), ...attributes };
      checkSize(name, `${key.pk} ${key.sk}`, whole);
      return conditional("PutItem", { Item: whole, ...(condition && conditionOf(condition)) });
    },
    set: (key, attributeName, value, condition) =>
      conditional("UpdateItem", {
        Key: attributesOf(key),
        UpdateExpression: "SET #set = :set",
        ...conditionOf({
          ...condition,
          names: { ...condition.names, "#set": attributeName },
          values: { ...condition.values, ":set": value },
        }),
      }),
    delete: async (key) => void (await call("DeleteItem", { Key: attributesOf(key) })),
    query: (pk, skPrefix, only) =>
      pages("Query", {
        ...(only && projectionOf(only)),
        // DynamoDB refuses an empty prefix.
        KeyConditionExpression: skPrefix ? "pk = :pk AND begins_with(sk, :prefix)" : "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: pk }, ...(skPrefix && { ":prefix": { S: skPrefix } }) },
      }),
    range: ({ pk, from, until, newestFirst, only }) =>
      itemsOf("Query", {
        ...(only && projectionOf(only)),
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :until",
        ExpressionAttributeValues: { ":pk": { S: pk }, ":from": { S: from }, ":until": { S: until } },
        ScanIndexForward: !newestFirst,
      }),
    queryIndex: ({ index, hash, above }) =>
      pages("Query", {
        IndexName: index,
        ConsistentRead: false,
        KeyConditionExpression: "#hash = :hash AND #above > :above",
        ExpressionAttributeNames: { "#hash": hash.name, "#above": above.name },
        ExpressionAttributeValues: { ":hash": hash.value, ":above": above.value },
      }),
    scanIndex: async ({ index, above, most }) => {
      const response = await call("Scan", {
        IndexName: index,
        Limit: most,
        FilterExpression: "#above > :above",
        ExpressionAttributeNames: { "#above": above.name },
        ExpressionAttributeValues: { ":above": above.value },
      });
      const { Items, LastEvaluatedKey } = parsed(page, response);
      return LastEvaluatedKey ? null : Items;
    },
    scanKeys: async (sk) => {
      const items = await pages("Scan", {
        FilterExpression: "sk = :sk",
        ProjectionExpression: "pk",
        ExpressionAttributeValues: { ":sk": { S: sk } },
      });
      return items.map((each) => textOf(each, "pk"));
    },
    close,
  };
}

const found = v.object({ Item: v.optional(itemSchema) });
const page = v.object({
  Items: v.optional(v.array(itemSchema), []),
  LastEvaluatedKey: v.optional(itemSchema),
});

function parsed<Schema extends v.GenericSchema>(schema: Schema, response: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, response);
  if (result.success) return result.output;
  throw new StoreError("unavailable", "dynamodb: not a DynamoDB response");
}

const attributesOf = ({ pk, sk }: Key): Item => ({ pk: { S: pk }, sk: { S: sk } });

const projectionOf = (only: string): object => ({
  ProjectionExpression: "#only",
  ExpressionAttributeNames: { "#only": only },
});

const conditionOf = ({ text, names, values }: Expression): object => ({
  ConditionExpression: text,
  ...(names && { ExpressionAttributeNames: names }),
  ...(values && { ExpressionAttributeValues: values }),
});

const isRefusal = (cause: unknown): boolean =>
  cause instanceof AwsError && cause.code === "ConditionalCheckFailedException";

const storeError = (error: AwsError): StoreError =>
  new StoreError("unavailable", error.message, { cause: error });
