import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
// In a project of your own: import { defineSink } from "dms-task-bridge";
import { defineSink } from "../../lib/sinks/custom.ts";

const sqliteBusy = 5;

/** Keeps the latest state of every task in a table that anything can query. */
export default defineSink({
  schema: v.strictObject({
    path: v.pipe(v.string(), v.description("The SQLite database; it is made where it is missing.")),
  }),

  create(name, { path }) {
    const database = new DatabaseSync(path);
    database.exec(`
      CREATE TABLE IF NOT EXISTS task (id TEXT PRIMARY KEY, name TEXT, status TEXT, updated_at TEXT);
    `);
    // Events may repeat: writing one again must change nothing.
    const write = database.prepare(`
      INSERT INTO task VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET status = excluded.status, updated_at = excluded.updated_at
      WHERE excluded.updated_at >= updated_at
    `);
    return {
      name,
      batch: { maxEvents: 100, maxBytes: 1_048_576 },

      async deliver(events) {
        return events.map(({ data: { task } }) => {
          try {
            write.run(task.id, task.name, task.status, task.updatedAt);
            return { kind: "accepted" };
          } catch (error) {
            // Expected trouble is an answer; anything else is a defect, and is thrown.
            if (!(error instanceof Error && "errcode" in error && error.errcode === sqliteBusy)) throw error;
            return { kind: "retry", reason: "server_error", detail: "the database is locked" };
          }
        });
      },

      async close() {
        if (database.isOpen) database.close();
      },
    };
  },
});
