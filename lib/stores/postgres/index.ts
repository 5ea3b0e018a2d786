import { randomUUID } from "node:crypto";
import { largeRoomBytes } from "../../checkpoint/room.ts";
import { cachedCheckpoints } from "../cached.ts";
import type { JournalSettings } from "../journal-guard.ts";
import { memoryStores } from "../memory.ts";
import { reopenedJournal } from "../reopened-journal.ts";
import type { Stores } from "../stores.ts";
import { postgresActivity, postgresCheckpoints } from "./checkpoints.ts";
import { type DatabaseDeps, type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
import { postgresDeadLetters } from "./dead-letters.ts";
import { postgresJournal } from "./journal.ts";
import { postgresParked } from "./parked.ts";

/** All stores in one schema. A warm process does not re-read what it wrote. */
export const postgresStores = (
  options: DatabaseOptions,
  deps: DatabaseDeps,
  journal: JournalSettings | null = null,
): Stores => storesIn(openDatabase(options, deps), deps, journal);

/** All stores to read; empty ones in memory where the schema has no tables. @throws StoreError */
export async function postgresStoresToRead(
  options: DatabaseOptions,
  deps: DatabaseDeps,
  isJournaled = false,
): Promise<Stores> {
  const { clock } = deps;
  const open = async () => {
    const database = await openToRead(options, deps);
    return database && { journal: postgresJournal(database, clock), close: database.close };
  };
  const database = await openToRead(options, deps);
  const stores = database ? storesIn(database, deps, null) : memoryStores(clock);
  if (!isJournaled) return stores;
  return { ...stores, journal: database ? postgresJournal(database, clock) : reopenedJournal(clock, open) };
}

/** The database; null where the schema has no tables. @throws StoreError */
async function openToRead(options: DatabaseOptions, deps: DatabaseDeps): Promise<PostgresDatabase | null> {
  const database = openDatabase(options, { ...deps, readOnly: true });
  let isThere = false;
  try {
    const { rows } = await database.query("SELECT to_regclass($1) IS NOT NULL AS is_there", [
      database.table("checkpoint"),
    ]);
    isThere = rows[0]?.["is_there"] === true;
  } finally {
    if (!isThere) await database.close();
  }
  return isThere ? database : null;
}

function storesIn(
  database: PostgresDatabase,
  { clock }: DatabaseDeps,
  journal: JournalSettings | null,
): Stores {
  const checkpoints = postgresCheckpoints(database, { clock, newId: randomUUID, journal });
  return {
    checkpoints: cachedCheckpoints(checkpoints, clock),
    deadLetters: postgresDeadLetters(database),
    parked: postgresParked(database),
    activity: postgresActivity(database),
    journal: journal && postgresJournal(database, clock),
    roomBytes: largeRoomBytes,
  };
}
