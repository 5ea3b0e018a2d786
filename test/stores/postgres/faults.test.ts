import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Version } from "../../../lib/checkpoint/store.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { entry, key } from "../../checkpoint/sample.ts";
import { hostileServer, relay } from "../../contract/hostile-servers.ts";
import { type Postgres, startPostgres } from "../../services/postgres.ts";
import { impatient, newSchema, openAt, unavailable } from "./opened.ts";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
afterEach(() => vi.useRealTimers());

const first = begin("all", 1_000, 0);
const at = (watermarkMs: number) => ({ ...first, watermarkMs });

describe("a postgres store whose server is killed", () => {
  it("holds the last commit that was acknowledged, or the one after it, five times in a row", async () => {
    const store = openAt(server.url());
    let version: Version | null = null;
    for (let round = 1; round <= 5; round++) {
      const killed = new Promise<void>((resolve) => setTimeout(resolve, 5 * round)).then(() => server.kill());
      let failure: unknown = null;
      while (failure === null) {
        try {
          const result = await store.commit(key, at((version ?? 0) + 1), version);
          if (result.kind !== "committed") throw new Error("nobody else commits");
          version = result.version;
        } catch (error) {
          failure = error;
        }
      }
      await killed;
      expect(failure).toEqual(unavailable(/^postgres 127\.0\.0\.1:\d+\/postgres: /));
      await server.restart();
      const held = await store.load(key);
      expect([version ?? 0, (version ?? 0) + 1]).toContain(held?.version ?? 0);
      expect(held?.checkpoint.watermarkMs ?? 0).toBe(held?.version ?? 0);
      version = held?.version ?? null;
    }
    expect(version).toBeGreaterThan(5);
  });

  it("goes on after a restart, and after all its connections were ended, as if nothing had been", async () => {
    const store = openAt(server.url());
    await store.commit(key, at(1), null);
    await server.kill();
    await server.restart();
    expect(await store.commit(key, at(2), 1 as Version)).toEqual({ kind: "committed", version: 2 });
    await server.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dms-task-bridge'",
    );
    expect(await store.commit(key, at(3), 2 as Version)).toEqual({ kind: "committed", version: 3 });
  });
});

describe("a commit whose answer is lost", () => {
  /** Between a store and the server: cuts the connection in place of the answer to the first commit. */
  async function throughCut(onCut: () => Promise<unknown> = async () => {}) {
    let cuts = 0;
    const { host } = await hostileServer(
      relay(`127.0.0.1:${server.port}`, (chunk, _, client) => {
        if (cuts > 0 || !/UPDATE 1|INSERT 0 1/.test(chunk.toString("latin1"))) return chunk;
        cuts += 1;
        void onCut().then(() => client.destroy());
        return null;
      }),
    );
    const schema = newSchema();
    // The tables are there, so that the first answer of that kind is the commit's.
    const direct = openAt(server.url(), { schema });
    await direct.list();
    return {
      direct,
      cut: openAt(server.url().replace(/127\.0\.0\.1:\d+/, host), { schema }),
      cuts: () => cuts,
    };
  }

  it("is known to be committed, the first of a stream and a later one", async () => {
    const { cut, cuts } = await throughCut();
    expect(await cut.commit(key, at(1), null)).toEqual({ kind: "committed", version: 1 });
    expect(cuts()).toBe(1);
    const later = await throughCut();
    await later.direct.commit(key, at(1), null);
    expect(await later.cut.commit(key, at(2), 1 as Version)).toEqual({ kind: "committed", version: 2 });
    expect(later.cuts()).toBe(1);
    expect(await later.direct.load(key)).toEqual({ version: 2, checkpoint: at(2) });
  });

  it("is a conflict when another writer went on from it meanwhile", async () => {
    const { direct, cut } = await throughCut(() => direct.commit(key, at(9), 1 as Version));
    expect(await cut.commit(key, at(1), null)).toEqual({ kind: "conflict" });
    expect(await direct.load(key)).toEqual({ version: 2, checkpoint: at(9) });
  });
});

describe("a server that hangs", () => {
  /** Lets the time pass that is waited for in vain. */
  async function inVain(work: Promise<unknown>): Promise<unknown> {
    const outcome = work.catch((error: unknown) => error);
    let isOver = false;
    void outcome.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await vi.advanceTimersByTimeAsync(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return outcome;
  }

  it("holds neither a load, nor a first connection, nor the end of the store", async () => {
    const schema = newSchema();
    const [warm, cold] = [openAt(server.url(), { schema }), openAt(server.url(), { schema })];
    await warm.commit(key, at(1), null);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await server.freeze();
    try {
      const startedMs = performance.now();
      expect(await inVain(warm.load(key))).toEqual(unavailable(/no response in time/));
      expect(await inVain(cold.load(key))).toEqual(unavailable(/no response in time/));
      await inVain(Promise.all([warm.close(), cold.close()]));
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    } finally {
      await server.thaw();
    }
    vi.useRealTimers();
    expect((await openAt(server.url(), { schema }).load(key))?.version).toBe(1);
  });

  it("is told of a row that another transaction holds, and the commit is not made later", async () => {
    const schema = newSchema();
    const store = openAt(server.url(), { schema });
    await store.commit(key, at(1), null);
    const holder = await server.connect();
    await holder.query(`BEGIN; SELECT FROM "${schema}".checkpoint FOR UPDATE`);
    try {
      await expect(store.commit(key, at(2), 1 as Version)).rejects.toThrow(
        unavailable(/took too long.*57014/),
      );
    } finally {
      await holder.end();
    }
    expect((await store.load(key))?.version).toBe(1);
  });
});

describe("a server that takes no writes", () => {
  const noWrites = unavailable(/takes no writes now.*standby/);

  it("is told as such, also when it becomes so under an open connection", async () => {
    const store = openAt(server.url(), { clock: impatient });
    await store.commit(key, at(1), null);
    await server.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    await server.sql("SELECT pg_reload_conf()");
    try {
      await vi.waitFor(() => expect(store.reset(key)).rejects.toThrow(noWrites));
      await expect(store.load(key)).rejects.toThrow(noWrites);
    } finally {
      await server.sql("ALTER SYSTEM RESET default_transaction_read_only");
      await server.sql("SELECT pg_reload_conf()");
    }
  });

  it("is told of a standby, whose promotion the open store follows", async () => {
    const store = openAt(server.url(), { clock: impatient });
    await store.commit(key, at(1), null);
    await server.kill();
    await writeFile(join(server.folder, "data", "standby.signal"), "");
    await server.restart();
    await expect(store.commit(key, at(2), 1 as Version)).rejects.toThrow(noWrites);
    await expect(openAt(server.url(), { clock: impatient }).load(key)).rejects.toThrow(noWrites);
    await server.sql("SELECT pg_promote()");
    expect(await store.commit(key, at(2), 1 as Version)).toEqual({ kind: "committed", version: 2 });
  });
});

describe("a server whose disk is full", () => {
  const inShell = (command: string): number | null => spawnSync("sh", ["-c", command]).status;
  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot)("refuses the commit and keeps the record before it", async () => {
    const disk = join(server.folder, "disk");
    await mkdir(disk);
    expect(inShell(`mount -t tmpfs -o size=1m none '${disk}'`)).toBe(0);
    try {
      await server.own(disk);
      const space = newSchema();
      await server.sql(`CREATE TABLESPACE ${space} LOCATION '${disk}'`);
      await server.sql(`ALTER ROLE bridge SET default_tablespace = ${space}`);
      const store = openAt(server.url(), { schema: space });
      let version: Version | null = null;
      let size = 1;
      const grow = async (): Promise<never> => {
        for (; ; size *= 2) {
          const outbox = Array.from({ length: size }, (_, index) => entry(index + 1, randomUUID()));
          const result = await store.commit(key, { ...first, outbox }, version);
          if (result.kind === "committed") version = result.version;
        }
      };
      await expect(grow()).rejects.toThrow(unavailable(/disk is full.*53100/));
      expect(version).toBeGreaterThan(1);
      expect(await store.load(key)).toMatchObject({ version, checkpoint: { outbox: { length: size / 2 } } });
      await server.sql(`DROP SCHEMA ${space} CASCADE; ALTER ROLE bridge RESET default_tablespace`);
      await server.sql(`DROP TABLESPACE ${space}`);
    } finally {
      inShell(`umount -l '${disk}'`);
    }
  });
});

describe("a server that is busy", () => {
  it("is told when it has no connection left, and used again when it has", async () => {
    const role = newSchema();
    await server.sql(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0; CREATE SCHEMA ${role} AUTHORIZATION ${role}`,
    );
    const url = `postgres://${role}:x@127.0.0.1:${server.port}/postgres?sslmode=disable`;
    const store = openAt(url, { schema: role, clock: impatient });
    await expect(store.load(key)).rejects.toThrow(unavailable(/no connection left.*53300/));
    await server.sql(`ALTER ROLE ${role} CONNECTION LIMIT 10`);
    expect(await store.load(key)).toBeNull();
  });

  it("has a deadlock and a serialization failure tried again, and told when they last", async () => {
    const schema = newSchema();
    const store = openAt(server.url(), { schema, clock: impatient });
    await store.commit(key, at(1), null);
    await server.sql(`CREATE SEQUENCE "${schema}".tries;
      CREATE FUNCTION "${schema}".refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('"${schema}".tries') < TG_ARGV[1]::int THEN RAISE EXCEPTION 'x' USING ERRCODE = TG_ARGV[0]; END IF;
        RETURN NEW; END $$`);
    const refuse = (code: string, until: number) =>
      server.sql(`DROP TRIGGER IF EXISTS refuse ON "${schema}".checkpoint; ALTER SEQUENCE "${schema}".tries RESTART;
        CREATE TRIGGER refuse BEFORE UPDATE ON "${schema}".checkpoint FOR EACH ROW EXECUTE FUNCTION "${schema}".refuse('${code}', '${until}')`);
    await refuse("40001", 3);
    expect(await store.commit(key, at(2), 1 as Version)).toEqual({ kind: "committed", version: 2 });
    await refuse("40P01", 4);
    expect(await store.commit(key, at(3), 2 as Version)).toEqual({ kind: "committed", version: 3 });
    await refuse("40P01", 99);
    await expect(store.commit(key, at(4), 3 as Version)).rejects.toThrow(unavailable(/in the way.*40P01/));
  });
});
