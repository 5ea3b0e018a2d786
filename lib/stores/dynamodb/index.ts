import { randomUUID } from "node:crypto";
import { smallRoomBytes } from "../../checkpoint/room.ts";
import { cachedCheckpoints } from "../cached.ts";
import { journalAfter } from "../journal-after.ts";
import type { JournalSettings } from "../journal-guard.ts";
import { pagedJournal } from "../paged-journal.ts";
import type { Stores } from "../stores.ts";
import { dynamodbActivity } from "./activity.ts";
import { dynamodbCheckpoints } from "./checkpoints.ts";
import { dynamodbDeadLetters } from "./dead-letters.ts";
import { dynamodbJournalPages } from "./journal.ts";
import { dynamodbParked } from "./parked.ts";
import { openTable, type TableDeps } from "./table.ts";

/** Settings of stores in DynamoDB. */
export interface DynamodbOptions {
  readonly table: string;
  /** @default the environment's */
  readonly region?: string | undefined;
  /** @default the region's */
  readonly endpoint?: string | undefined;
}

/** All stores in one table. A warm function does not re-read what it wrote. */
export function dynamodbStores(
  { table: name, region, endpoint }: DynamodbOptions,
  deps: TableDeps,
  journal: JournalSettings | null = null,
): Stores {
  const table = openTable({ name, region, endpoint }, deps);
  const { clock } = deps;
  const stores = journalAfter(
    dynamodbCheckpoints({ table, clock, newId: randomUUID }),
    journal,
    ({ keepMs }) => pagedJournal(dynamodbJournalPages(table, clock, keepMs), { clock, newId: randomUUID }),
  );
  return {
    checkpoints: cachedCheckpoints(stores.checkpoints, clock),
    deadLetters: dynamodbDeadLetters(table),
    parked: dynamodbParked(table),
    activity: dynamodbActivity(table),
    journal: stores.journal,
    roomBytes: smallRoomBytes,
  };
}
