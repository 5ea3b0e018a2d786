import { largeRoomBytes } from "../../checkpoint/room.ts";
import type { Clock } from "../../core/clock.ts";
import type { JournalSettings } from "../journal-guard.ts";
import { memoryStores } from "../memory.ts";
import { reopenedJournal } from "../reopened-journal.ts";
import type { Stores } from "../stores.ts";
import { fileActivity, fileCheckpoints } from "./checkpoints.ts";
import { openDatabase, openDatabaseToRead, type SqliteDatabase } from "./database.ts";
import { fileDeadLetters } from "./dead-letters.ts";
import { fileJournal } from "./journal.ts";
import { fileParked } from "./parked.ts";

/** Opens all stores in one SQLite database in the folder. @throws StoreError */
export const fileStores = (folder: string, clock: Clock, journal: JournalSettings | null = null): Stores =>
  storesIn(openDatabase(folder), clock, journal);

/** Opens all stores to read; empty ones in memory where the folder has no database. @throws StoreError */
export function fileStoresToRead(folder: string, clock: Clock, isJournaled = false): Stores {
  const database = openDatabaseToRead(folder);
  const stores = database ? storesIn(database, clock, null) : memoryStores(clock);
  if (!isJournaled) return stores;
  const journal = reopenedJournal(clock, () => {
    const opened = openDatabaseToRead(folder);
    return opened && { journal: fileJournal(opened, clock), close: opened.close };
  });
  return { ...stores, journal };
}

const storesIn = (database: SqliteDatabase, clock: Clock, journal: JournalSettings | null): Stores => ({
  checkpoints: fileCheckpoints(database, clock, journal),
  deadLetters: fileDeadLetters(database),
  parked: fileParked(database),
  activity: fileActivity(database),
  journal: journal && fileJournal(database, clock),
  roomBytes: largeRoomBytes,
});
