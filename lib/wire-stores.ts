import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Environment } from "./aws/keys.ts";
import { openTable } from "./aws/table.ts";
import type { ActivityIndex } from "./checkpoint/activity.ts";
import { dynamodbActivity } from "./checkpoint/activity-dynamodb.ts";
import { cachedCheckpoints } from "./checkpoint/cached.ts";
import { openDatabase } from "./checkpoint/database.ts";
import { dynamodbCheckpoints } from "./checkpoint/dynamodb.ts";
import { fileCheckpoints } from "./checkpoint/file.ts";
import { memoryCheckpoints } from "./checkpoint/memory.ts";
import type { CheckpointStore } from "./checkpoint/store.ts";
import type { Clock, Random } from "./clock.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { DeadLetterStore } from "./delivery/dead-letters.ts";
import { dynamodbDeadLetters } from "./delivery/dead-letters-dynamodb.ts";
import { fileDeadLetters } from "./delivery/dead-letters-file.ts";
import { memoryDeadLetters } from "./delivery/dead-letters-memory.ts";

interface StoresDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly environment?: Environment;
}

export interface Stores {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** Null where the store of the checkpoints has no such index. */
  readonly activity: ActivityIndex | null;
}

/** Opens the stores that the configuration names. @throws StoreError */
export function openStores(
  { config, folder }: LoadedConfig,
  { clock, random, environment = {} }: StoresDeps,
): Stores {
  const { checkpoint } = config;
  switch (checkpoint.type) {
    case "memory":
      return { checkpoints: memoryCheckpoints(), deadLetters: memoryDeadLetters(), activity: null };
    case "file": {
      const database = openDatabase(path.resolve(folder, checkpoint.path));
      return {
        checkpoints: fileCheckpoints(database),
        deadLetters: fileDeadLetters(database),
        activity: null,
      };
    }
    case "dynamodb": {
      const { table: name, region, endpoint } = checkpoint;
      const table = openTable({ name, region, endpoint }, { environment, clock, random });
      const checkpoints = dynamodbCheckpoints({ table, clock, newId: randomUUID });
      return {
        checkpoints: cachedCheckpoints(checkpoints, clock),
        deadLetters: dynamodbDeadLetters(table),
        activity: dynamodbActivity(table),
      };
    }
    default:
      return checkpoint satisfies never;
  }
}
