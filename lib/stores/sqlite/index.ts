import type { Clock } from "../../core/clock.ts";
import type { JournalSettings } from "../journal-guard.ts";
import type { Stores } from "../stores.ts";
import { fileActivity, fileCheckpoints } from "./checkpoints.ts";
import { openDatabase } from "./database.ts";
import { fileDeadLetters } from "./dead-letters.ts";
import { fileJournal } from "./journal.ts";
import { fileParked } from "./parked.ts";

/** Opens all stores in one SQLite database in the folder. @throws StoreError */
export function fileStores(folder: string, clock: Clock, journal: JournalSettings | null = null): Stores {
  const database = openDatabase(folder);
  return {
    checkpoints: fileCheckpoints(database, clock, journal),
    deadLetters: fileDeadLetters(database),
    parked: fileParked(database),
    activity: fileActivity(database),
    journal: journal && fileJournal(database, clock),
  };
}
