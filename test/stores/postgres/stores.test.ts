import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchId } from "../../../lib/checkpoint/parked.ts";
import type { Version } from "../../../lib/checkpoint/store.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../../lib/core/clock.ts";
import { streamKey } from "../../../lib/core/names.ts";
import { postgresUrl } from "../../../lib/options/postgres-url.ts";
import type { JournalSettings } from "../../../lib/stores/journal-guard.ts";
import { postgresActivity, postgresCheckpoints } from "../../../lib/stores/postgres/checkpoints.ts";
import { openDatabase, type PostgresDatabase } from "../../../lib/stores/postgres/database.ts";
import { postgresDeadLetters } from "../../../lib/stores/postgres/dead-letters.ts";
import { postgresStoresToRead } from "../../../lib/stores/postgres/index.ts";
import { postgresJournal } from "../../../lib/stores/postgres/journal.ts";
import { postgresParked } from "../../../lib/stores/postgres/parked.ts";
import { probeTables } from "../../../lib/stores/postgres/probe.ts";
import { closeStores, type Stores } from "../../../lib/stores/stores.ts";
import { key, stream } from "../../checkpoint/sample.ts";
import { activityIndexContract } from "../../contract/activity-index.ts";
import { checkpointStoreContract } from "../../contract/checkpoint-store.ts";
import { deadLetterStoreContract, letter } from "../../contract/dead-letter-store.ts";
import { delivered, emitted, entriesOf, journalContract } from "../../contract/journal.ts";
import { parkedDeliveries, parkedStoreContract } from "../../contract/parked-store.ts";
import { type Postgres, startPostgres } from "../../services/postgres.ts";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const opened: PostgresDatabase[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));

const newSchema = (): string => `Test_${randomUUID().replaceAll("-", "")}`;

function open(schema: string = newSchema(), clock: Clock = systemClock): PostgresDatabase {
  const database = openDatabase(
    { url: v.parse(postgresUrl, server.url()), schema },
    { clock, random: Math.random },
  );
  opened.push(database);
  return database;
}

const keepAll: JournalSettings = { keepMs: 1e12, maxEvents: 1_000, failed: () => {} };

const checkpointsOf = (
  database: PostgresDatabase,
  clock: Clock = systemClock,
  journal: JournalSettings | null = null,
) => postgresCheckpoints(database, { clock, newId: randomUUID, journal });

checkpointStoreContract("postgres", async () => checkpointsOf(open()));
deadLetterStoreContract("postgres", async () => postgresDeadLetters(open()));
parkedStoreContract("postgres", async () => postgresParked(open()));
journalContract("postgres", async (clock) => {
  const database = open(newSchema(), clock);
  return {
    checkpoints: checkpointsOf(database, clock, keepAll),
    journal: postgresJournal(database, clock),
  };
});
activityIndexContract("postgres", async (clock) => {
  const database = open(newSchema(), clock);
  return { checkpoints: checkpointsOf(database, clock), activity: postgresActivity(database) };
});

const first = begin("all", 1_000, 0);
const failure = (reason: string, message: RegExp) =>
  expect.objectContaining({ code: "STORE_FAILED", reason, message: expect.stringMatching(message) });

describe("the postgres stores", () => {
  it("have everything again after they were opened anew", async () => {
    const schema = newSchema();
    const before = open(schema);
    await checkpointsOf(before).commit(key, first, null);
    await postgresDeadLetters(before).put([letter(1)]);
    await postgresParked(before).put(key, batchId("run/1"), parkedDeliveries(1));
    await before.close();
    const after = open(schema);
    expect((await checkpointsOf(after).load(key))?.checkpoint).toEqual(first);
    expect(await postgresDeadLetters(after).list({})).toEqual([letter(1)]);
    expect(await postgresParked(after).list(key)).toEqual(["run/1"]);
  });

  it("are empty to a reader before there are any, and make nothing; then it sees all and writes nothing", async () => {
    const schema = newSchema();
    const read = async <Result>(body: (stores: Stores) => Promise<Result>): Promise<Result> => {
      const options = { url: v.parse(postgresUrl, server.url()), schema };
      const stores = await postgresStoresToRead(options, { clock: systemClock, random: Math.random }, true);
      try {
        return await body(stores);
      } finally {
        await closeStores(stores);
      }
    };
    const journaled = async ({ journal }: Stores) => (journal ? entriesOf(journal, { sinceMs: 0 }) : null);
    await read(async (stores) => {
      expect([await stores.checkpoints.list(), await journaled(stores)]).toEqual([[], []]);
      expect(await server.sql(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([]);
      await postgresJournal(open(schema), systemClock).append([emitted("t1")]);
      expect(await journaled(stores)).toHaveLength(1);
    });
    expect(await read(journaled)).toHaveLength(1);
    await checkpointsOf(open(schema)).commit(key, first, null);
    await postgresDeadLetters(open(schema)).put([letter(1)]);
    await read(async ({ checkpoints, deadLetters }) => {
      const stored = await checkpoints.load(key);
      expect(stored?.checkpoint).toEqual(first);
      expect(await deadLetters.list({})).toEqual([letter(1)]);
      await expect(checkpoints.commit(key, first, stored?.version ?? null)).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
    });
  });

  it("make one schema however many processes start at once", async () => {
    const schema = newSchema();
    const stores = Array.from({ length: 8 }, () => checkpointsOf(open(schema)));
    const results = await Promise.all(stores.map((store) => store.commit(key, first, null)));
    expect(results.filter(({ kind }) => kind === "committed")).toHaveLength(1);
    expect(await server.sql(`SELECT version FROM "${schema}".dms_task_bridge`)).toEqual([{ version: 1 }]);
  });

  it("finish a schema whose making was broken off", async () => {
    const schema = newSchema();
    await server.sql(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".dms_task_bridge (version integer NOT NULL);
      INSERT INTO "${schema}".dms_task_bridge VALUES (0)`);
    expect(await checkpointsOf(open(schema)).commit(key, first, null)).toMatchObject({ kind: "committed" });
  });

  it("refuse the schema of a newer version by name, also when it is upgraded under them", async () => {
    const schema = newSchema();
    const database = open(schema);
    await checkpointsOf(database).commit(key, first, null);
    await server.sql(`UPDATE "${schema}".dms_task_bridge SET version = 99`);
    const newer = failure("corrupt", /version 99, this program reads 1: upgrade dms-task-bridge/);
    await expect(checkpointsOf(open(schema)).load(key)).rejects.toThrow(newer);
    await server.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dms-task-bridge'",
    );
    await expect(checkpointsOf(database).load(key)).rejects.toThrow(newer);
  });

  it("leave another program's table of the same name as it is", async () => {
    const schema = newSchema();
    await server.sql(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".checkpoint (theirs integer)`);
    await expect(checkpointsOf(open(schema)).load(key)).rejects.toThrow(
      failure("unavailable", /another program's table.*42P07/),
    );
    expect(
      await server.sql(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}'`),
    ).toEqual([{ table_name: "checkpoint" }]);
  });

  it("name the table and the statement that a probe may not run, and make nothing", async () => {
    const schema = newSchema();
    await server.sql(`CREATE ROLE "${schema}" LOGIN PASSWORD 'x'`);
    const url = { ...v.parse(postgresUrl, server.url()), user: schema, password: "x" };
    const probe = () => probeTables({ url, schema }, { clock: systemClock, random: Math.random });
    await expect(probe()).rejects.toThrow(
      `the user may not make the tables of schema ${schema}: grant CREATE`,
    );
    await server.sql(`GRANT CREATE ON DATABASE postgres TO "${schema}"`);
    expect(await probe()).toBe(false);
    await checkpointsOf(open(schema)).load(key);
    await server.sql(`GRANT USAGE ON SCHEMA "${schema}" TO "${schema}";
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${schema}";
      REVOKE UPDATE ON "${schema}".parked FROM "${schema}"`);
    expect(await probe()).toBe(true);
    for (const [table, kind] of [
      ["checkpoint", "UPDATE"],
      ["dead_letter", "DELETE"],
      ["parked", "INSERT"],
      ["journal", "INSERT"],
    ]) {
      await server.sql(`REVOKE ${kind} ON "${schema}".${table} FROM "${schema}"`);
      await expect(probe()).rejects.toThrow(
        failure(
          "unavailable",
          new RegExp(`lacks a right.* on its table ${table} \\(SQLSTATE 42501\\), on ${kind}$`),
        ),
      );
      await server.sql(`GRANT ${kind} ON "${schema}".${table} TO "${schema}"`);
    }
    await server.sql(`DROP TABLE "${schema}".dead_letter`);
    await expect(probe()).rejects.toThrow(
      failure("unavailable", /is missing: dead_letter \(SQLSTATE 42P01\)/),
    );
    await server.sql(`REVOKE CREATE ON DATABASE postgres FROM "${schema}"`);
  });

  it("need no right to make schemas where theirs is there", async () => {
    const schema = newSchema();
    await server.sql(
      `CREATE ROLE "${schema}" LOGIN PASSWORD 'x'; CREATE SCHEMA "${schema}" AUTHORIZATION "${schema}"`,
    );
    const url = { ...v.parse(postgresUrl, server.url()), user: schema, password: "x" };
    const deps = { clock: systemClock, random: Math.random };
    const able = openDatabase({ url, schema }, deps);
    const unable = openDatabase({ url, schema: newSchema() }, deps);
    opened.push(able, unable);
    expect(await checkpointsOf(able).commit(key, first, null)).toMatchObject({ kind: "committed" });
    await expect(checkpointsOf(unable).load(key)).rejects.toThrow(
      failure("unavailable", /lacks a right.*42501/),
    );
  });

  it("refuse a damaged record, a damaged letter and a damaged batch, and name each", async () => {
    const schema = newSchema();
    const database = open(schema);
    await checkpointsOf(database).commit(key, first, null);
    await postgresDeadLetters(database).put([letter(1)]);
    await postgresParked(database).put(key, batchId("run/7"), parkedDeliveries(1));
    await server.sql(`UPDATE "${schema}".checkpoint SET record = left(record, 20);
      UPDATE "${schema}".dead_letter SET letter = left(letter, 20);
      UPDATE "${schema}".parked SET batch = left(batch, 20)`);
    await expect(checkpointsOf(database).load(key)).rejects.toThrow(
      failure("corrupt", /rabbitmq\/cn-north-4\/p1\/i1.*checksum/),
    );
    await expect(postgresDeadLetters(database).list({})).rejects.toThrow(failure("corrupt", /dead letter/));
    await expect(postgresParked(database).get(key, batchId("run/7"))).rejects.toThrow(
      failure("corrupt", /run\/7/),
    );
  });

  it("refuse what was copied from another's row, and read the others", async () => {
    const schema = newSchema();
    const database = open(schema);
    const other = streamKey({ ...stream, instanceId: "i2" });
    for (const each of [key, other]) await checkpointsOf(database).commit(each, first, null);
    await postgresDeadLetters(database).put([letter(1)]);
    await server.sql(`UPDATE "${schema}".checkpoint SET record = (SELECT record FROM "${schema}".checkpoint WHERE stream = '${other}');
      UPDATE "${schema}".dead_letter SET id = 'ops:another'`);
    await expect(checkpointsOf(database).load(key)).rejects.toThrow(
      failure("corrupt", new RegExp(`${key}: the record of another stream: ${other}$`)),
    );
    expect(await checkpointsOf(database).load(other)).not.toBeNull();
    await expect(postgresDeadLetters(database).list({})).rejects.toThrow(
      failure("corrupt", /dead letter ops:another: it is another: ops:/),
    );
  });

  it("commit to the disk of a server that would let a commit wait", async () => {
    const schema = newSchema();
    await server.sql("ALTER ROLE bridge SET synchronous_commit = off");
    try {
      const { rows } = await open(schema).query("SELECT current_setting('synchronous_commit') AS setting");
      expect(rows).toEqual([{ setting: "on" }]);
    } finally {
      await server.sql("ALTER ROLE bridge RESET synchronous_commit");
    }
  });

  it("hold few connections, however many streams commit at once", async () => {
    const schema = newSchema();
    const store = checkpointsOf(open(schema));
    const streams = Array.from({ length: 100 }, (_, index) => `${key}${index}` as typeof key);
    const results = await Promise.all(streams.map((stream) => store.commit(stream, first, null)));
    expect(results.every(({ kind }) => kind === "committed")).toBe(true);
    expect(await store.list()).toHaveLength(100);
    const again = await Promise.all(streams.map((stream) => store.commit(stream, first, 1 as Version)));
    expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(["committed"]));
  });
});

describe("the postgres journal", () => {
  it("stops no commit when its table is gone or full, and says how many entries are lost", async () => {
    for (const breaking of ["DROP TABLE", "ALTER TABLE"]) {
      const database = open();
      const losses: number[] = [];
      const store = checkpointsOf(database, systemClock, {
        ...keepAll,
        failed: (_, lost) => losses.push(lost),
      });
      await store.commit(key, first, null);
      const table = database.table("journal");
      const change = breaking === "DROP TABLE" ? "" : " ADD CHECK (false) NOT VALID";
      await database.query(`${breaking} ${table}${change}`);
      const next = { ...first, watermarkMs: 7 };
      const told = [emitted("t1"), delivered("t1")];
      expect(await store.commit(key, next, 1 as Version, told)).toEqual({ kind: "committed", version: 2 });
      expect((await store.load(key))?.checkpoint).toEqual(next);
      expect(losses).toEqual([2]);
    }
  });

  it("has the entries of the first commit after an outage, whose commits fail without a second try", async () => {
    const role = newSchema().toLowerCase();
    await server.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; CREATE SCHEMA ${role} AUTHORIZATION ${role}`);
    const limit = (connections: number) => server.sql(`ALTER ROLE ${role} CONNECTION LIMIT ${connections}`);
    let waits = 0;
    const sleep = async (): Promise<void> => {
      waits += 1;
    };
    const database = openDatabase(
      {
        url: v.parse(postgresUrl, `postgres://${role}:x@127.0.0.1:${server.port}/postgres?sslmode=disable`),
        schema: role,
      },
      { clock: { ...systemClock, sleep }, random: Math.random },
    );
    opened.push(database);
    const losses: number[] = [];
    const store = checkpointsOf(database, systemClock, {
      ...keepAll,
      failed: (_, lost) => losses.push(lost),
    });
    await limit(0);
    await expect(store.commit(key, first, null, [emitted("t1")])).rejects.toThrow("no connection left");
    expect(waits).toBe(3);
    await limit(10);
    await store.commit(key, first, null, [emitted("t1")]);
    expect(await entriesOf(postgresJournal(database, systemClock), { sinceMs: 0 })).toEqual([emitted("t1")]);
    expect(losses).toEqual([]);
  });

  it("shows what another process wrote", async () => {
    const schema = newSchema();
    await checkpointsOf(open(schema), systemClock, keepAll).commit(key, first, null, [emitted("t1")]);
    const found = await entriesOf(postgresJournal(open(schema), systemClock), { sinceMs: 0 });
    expect(found).toEqual([emitted("t1")]);
  });
});
