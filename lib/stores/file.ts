import { openDatabase } from "../checkpoint/database.ts";
import { fileCheckpoints } from "../checkpoint/file.ts";
import { fileDeadLetters } from "../delivery/dead-letters-file.ts";
import type { Stores } from "./stores.ts";

/** All in one embedded database below the folder. @throws StoreError */
export function fileStores(folder: string): Stores {
  const database = openDatabase(folder);
  return { checkpoints: fileCheckpoints(database), deadLetters: fileDeadLetters(database), activity: null };
}
