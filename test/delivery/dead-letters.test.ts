import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { openDatabase } from "../../lib/checkpoint/database.ts";
import { fileDeadLetters } from "../../lib/delivery/dead-letters-file.ts";
import { memoryDeadLetters } from "../../lib/delivery/dead-letters-memory.ts";
import { deadLetterStoreContract } from "../contract/dead-letter-store.ts";

deadLetterStoreContract("memory", async () => memoryDeadLetters());
deadLetterStoreContract("file", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bridge-letters-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return fileDeadLetters(openDatabase(folder));
});
