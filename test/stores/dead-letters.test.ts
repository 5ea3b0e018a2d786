import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { memoryDeadLetters } from "../../lib/stores/memory.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { fileDeadLetters } from "../../lib/stores/sqlite/dead-letters.ts";
import { deadLetterStoreContract } from "../contract/dead-letter-store.ts";

deadLetterStoreContract("memory", async () => memoryDeadLetters());
deadLetterStoreContract("file", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bridge-letters-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return fileDeadLetters(openDatabase(folder));
});
