import { memoryCheckpoints } from "../checkpoint/memory.ts";
import { memoryDeadLetters } from "../delivery/dead-letters-memory.ts";
import type { Stores } from "./stores.ts";

export const memoryStores = (): Stores => ({
  checkpoints: memoryCheckpoints(),
  deadLetters: memoryDeadLetters(),
  activity: null,
});
