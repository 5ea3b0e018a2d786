import { eachOf } from "../../async/each.ts";
import type { Clock } from "../../core/clock.ts";
import type { JournalPages } from "../paged-journal.ts";
import { bytesOf, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/** `pk` of every page; a stream's key contains slashes. */
const journalKind = "journal";
const callsAtOnce = 8;

/** The journal's pages in the checkpoint table, one item each, which expire when they are too old. */
export const dynamodbJournalPages = (table: Table, clock: Clock, keepMs: number): JournalPages => ({
  put: async ({ key, text }) => {
    const expiresAt = { N: String(Math.ceil((clock.now() + keepMs) / 1_000)) };
    await table.put(keyOf(key), { page: { B: text }, expiresAt });
  },
  async *read({ from, until, newestFirst }) {
    for await (const item of table.range({ pk: journalKind, from, until, newestFirst }))
      yield { key: textOf(item, "sk"), text: bytesOf(item, "page") };
  },
  async *keys() {
    const all = { pk: journalKind, from: "0", until: "~", newestFirst: true, only: "sk" };
    for await (const item of table.range(all)) yield textOf(item, "sk");
  },
  remove: (keys) => eachOf(keys, callsAtOnce, (key) => table.delete(keyOf(key))),
  close: () => table.close(),
});

const keyOf = (key: string) => ({ pk: journalKind, sk: key });
