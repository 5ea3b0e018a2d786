import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { postgresUrl, schemaName } from "../../lib/options/postgres-url.ts";

const read = (url: string) => v.parse(postgresUrl, url);
const problems = (url: string) => v.safeParse(postgresUrl, url).issues?.map(({ message }) => message) ?? [];

describe("a PostgreSQL URL", () => {
  it("is read into its parts, with the usual port and a server that is checked", () => {
    expect(read("postgres://bridge@db.example/state")).toEqual({
      host: "db.example",
      port: 5432,
      user: "bridge",
      password: undefined,
      database: "state",
      sslmode: "verify-full",
    });
    expect(read(" postgresql://u:p%40%2F@[::1]:6432/a%20b?sslmode=require\n")).toEqual({
      host: "::1",
      port: 6432,
      user: "u",
      password: "p@/",
      database: "a b",
      sslmode: "require",
    });
  });

  it("gives back whatever user, password and database it was made of", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\0.]/.test(text));
    fc.assert(
      fc.property(part, part, part, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        expect(read(`postgres://${u}:${p}@h/${d}`)).toMatchObject({ user, password, database });
      }),
    );
  });

  it.each([
    "",
    "db.example",
    "mysql://u@h/d",
    "http://u@h/d",
    "postgres://h/d",
    "postgres://u@h",
    "postgres://u@h/",
    "postgres:///d",
    "postgres://u@/d",
    "postgres://u@h:0/d",
    "postgres://u@h:99999/d",
    "postgres://u@h1,h2/d",
    "postgres://u@h/d#x",
    "postgres://%E0%A4%A@h/d",
    "postgres://u:%00@h/d",
  ])("is refused as %j", (url) => {
    expect(problems(url)).toContain("a URL such as postgres://user:password@host:5432/database");
  });

  it.each(["sslmode=prefer", "sslmode=", "sslmode=disable&sslmode=require", "host=/tmp", "options=-c%20x"])(
    "is refused with the parameters %s",
    (query) => {
      expect(problems(`postgres://u@h/d?${query}`)).toEqual([
        "no parameter but sslmode, which is disable, require, verify-ca or verify-full",
      ]);
    },
  );
});

describe("a schema's name", () => {
  it.each(["dms_task_bridge", "_a", "Bridge2", "x".repeat(63)])("may be %s", (name) => {
    expect(v.is(schemaName, name)).toBe(true);
  });

  it.each([
    "",
    "1a",
    "a-b",
    'a"b',
    "a.b",
    "a;b",
    "pg_x",
    "PG_x",
    "information_schema",
    "x".repeat(64),
    "schéma",
  ])("is refused as %j", (name) => {
    expect(v.is(schemaName, name)).toBe(false);
  });
});
