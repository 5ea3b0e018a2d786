import { randomUUID } from "node:crypto";
import { openTable, type TableDeps } from "../aws/table.ts";
import { dynamodbActivity } from "../checkpoint/activity-dynamodb.ts";
import { cachedCheckpoints } from "../checkpoint/cached.ts";
import { dynamodbCheckpoints } from "../checkpoint/dynamodb.ts";
import { dynamodbDeadLetters } from "../delivery/dead-letters-dynamodb.ts";
import type { Stores } from "./stores.ts";

export interface DynamodbOptions {
  readonly table: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** All in one table. A warm function does not read again what it wrote itself. */
export function dynamodbStores({ table: name, region, endpoint }: DynamodbOptions, deps: TableDeps): Stores {
  const table = openTable({ name, region, endpoint }, deps);
  const checkpoints = dynamodbCheckpoints({ table, clock: deps.clock, newId: randomUUID });
  return {
    checkpoints: cachedCheckpoints(checkpoints, deps.clock),
    deadLetters: dynamodbDeadLetters(table),
    activity: dynamodbActivity(table),
  };
}
