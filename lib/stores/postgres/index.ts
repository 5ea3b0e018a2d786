import { randomUUID } from "node:crypto";
import { cachedCheckpoints } from "../cached.ts";
import type { JournalSettings } from "../journal-guard.ts";
import type { Stores } from "../stores.ts";
import { postgresActivity, postgresCheckpoints } from "./checkpoints.ts";
import { type DatabaseDeps, type DatabaseOptions, openDatabase } from "./database.ts";
import { postgresDeadLetters } from "./dead-letters.ts";
import { postgresJournal } from "./journal.ts";
import { postgresParked } from "./parked.ts";

/** All stores in one schema. A warm process does not re-read what it wrote. */
export function postgresStores(
  options: DatabaseOptions,
  deps: DatabaseDeps,
  journal: JournalSettings | null = null,
): Stores {
  const database = openDatabase(options, deps);
  const checkpoints = postgresCheckpoints(database, { clock: deps.clock, newId: randomUUID, journal });
  return {
    checkpoints: cachedCheckpoints(checkpoints, deps.clock),
    deadLetters: postgresDeadLetters(database),
    parked: postgresParked(database),
    activity: postgresActivity(database),
    journal: journal && postgresJournal(database, deps.clock),
  };
}
