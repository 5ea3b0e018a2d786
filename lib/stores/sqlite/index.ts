import type { Stores } from "../stores.ts";
import { fileCheckpoints } from "./checkpoints.ts";
import { openDatabase } from "./database.ts";
import { fileDeadLetters } from "./dead-letters.ts";

/** All in one embedded database below the folder. @throws StoreError */
export function fileStores(folder: string): Stores {
  const database = openDatabase(folder);
  return { checkpoints: fileCheckpoints(database), deadLetters: fileDeadLetters(database), activity: null };
}
