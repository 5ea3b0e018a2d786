import { randomUUID } from "node:crypto";
import { cachedCheckpoints } from "../cached.ts";
import type { Stores } from "../stores.ts";
import { dynamodbActivity } from "./activity.ts";
import { dynamodbCheckpoints } from "./checkpoints.ts";
import { dynamodbDeadLetters } from "./dead-letters.ts";
import { dynamodbParked } from "./parked.ts";
import { openTable, type TableDeps } from "./table.ts";

/** Settings of stores in DynamoDB. */
export interface DynamodbOptions {
  readonly table: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** All stores in one table. A warm function does not re-read what it wrote. */
export function dynamodbStores({ table: name, region, endpoint }: DynamodbOptions, deps: TableDeps): Stores {
  const table = openTable({ name, region, endpoint }, deps);
  const checkpoints = dynamodbCheckpoints({ table, clock: deps.clock, newId: randomUUID });
  return {
    checkpoints: cachedCheckpoints(checkpoints, deps.clock),
    deadLetters: dynamodbDeadLetters(table),
    parked: dynamodbParked(table),
    activity: dynamodbActivity(table),
  };
}
