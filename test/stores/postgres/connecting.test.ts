import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../../lib/core/clock.ts";
import { postgresUrl } from "../../../lib/options/postgres-url.ts";
import { postgresStoresToRead } from "../../../lib/stores/postgres/index.ts";
import { key } from "../../checkpoint/sample.ts";
import { cutAfter, hostileServer, manners } from "../../contract/hostile-servers.ts";
import { makeCertificate } from "../../services/certificate.ts";
import { type Postgres, password, startPostgres } from "../../services/postgres.ts";
import { impatient, newSchema, openAt, unavailable } from "./opened.ts";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

describe("a server that cannot be used as the URL says", () => {
  const secretless = async (work: Promise<unknown>): Promise<string> => {
    const message = await work.then(String, (error: Error) => error.message);
    for (const secret of [password, encodeURIComponent(password)]) expect(message).not.toContain(secret);
    return message;
  };

  it("is told for a wrong user or password, a database that is not there, and a host that is none", async () => {
    const load = (url: string) => secretless(openAt(url, { clock: impatient }).load(key));
    expect(await load(server.url({ user: "nobody" }))).toMatch(/refuses the login.*28P01/);
    expect(await load(server.url().replace(/:[^:@]*@/, ":wrong@"))).toMatch(/refuses the login.*28P01/);
    expect(await load(server.url().replace(/:[^:@]*@/, "@"))).toMatch(
      /refuses the login|password is missing/,
    );
    expect(await load(server.url({ database: "none" }))).toMatch(/no such database.*3D000/);
    expect(await load(server.url().replace(`:${server.port}`, ":1"))).toMatch(
      /refuses connections \(ECONNREFUSED\)/,
    );
    expect(await load(server.url().replace("127.0.0.1", "nowhere.invalid"))).toMatch(
      /nowhere\.invalid.*name/,
    );
    expect(await load(server.url({ sslmode: "require" }))).toMatch(/offers no TLS: sslmode=disable/);
  });

  it("is closed again for a reader whose first question fails", async () => {
    const waits: (AbortSignal | undefined)[] = [];
    const clock: Clock = { ...impatient, sleep: async (_, signal) => void waits.push(signal) };
    const url = v.parse(postgresUrl, server.url().replace(`:${server.port}`, ":1"));
    const opening = postgresStoresToRead({ url, schema: newSchema() }, { clock, random: Math.random });
    await expect(opening).rejects.toThrow(unavailable(/refuses connections/));
    expect(waits.length).toBeGreaterThan(0);
    expect(waits.every((signal) => signal?.aborted)).toBe(true);
  });

  it("is used over TLS as sslmode says, and told where it must not be", async () => {
    const [here, elsewhere] = [join(server.folder, "here"), join(server.folder, "elsewhere")];
    for (const folder of [here, elsewhere]) await mkdir(folder);
    const right = await makeCertificate(here, "IP:127.0.0.1");
    const other = await makeCertificate(elsewhere, "DNS:db.example");
    const data = join(server.folder, "data");
    const use = async ({ cert, key: secret }: { readonly cert: string; readonly key: string }) => {
      for (const [name, text] of [
        ["server.crt", cert],
        ["server.key", secret],
      ] as const) {
        await writeFile(join(data, name), text, { mode: 0o600 });
        await server.own(join(data, name));
      }
      await server.kill();
      await server.restart("-c", "ssl=on");
    };
    const load = (sslmode: string, ca?: string) =>
      secretless(openAt(server.url({ sslmode }), { clock: impatient, ...(ca && { ca }) }).load(key));
    await use(right);
    expect(await load("verify-full", right.cert)).toBe("null");
    expect(await load("require")).toBe("null");
    expect(await load("verify-full")).toMatch(/certificate is not trusted/);
    expect(await load("verify-ca", other.cert)).toMatch(/certificate is not trusted/);
    await use(other);
    expect(await load("verify-ca", other.cert)).toBe("null");
    expect(await load("verify-full", other.cert)).toMatch(/certificate is for another host/);
  });

  it("is told when the server asks for TLS and the URL does without", async () => {
    const rules = join(server.folder, "data", "pg_hba.conf");
    const before = await readFile(rules, "utf8");
    await writeFile(rules, `hostnossl all nobody all reject\n${before}`);
    await server.sql("SELECT pg_reload_conf()");
    await vi.waitFor(async () =>
      expect(await secretless(openAt(server.url({ user: "nobody" })).load(key))).toMatch(
        /connection without TLS \(SQLSTATE 28000\)/,
      ),
    );
  });
});

describe("a server that knows no PostgreSQL", () => {
  it.each(["disable", "require"])("is an outage, whatever it says, with sslmode=%s", async (sslmode) => {
    const outcomes = Object.entries(manners).map(async ([name, manner]) => {
      const { host, quiet } = await hostileServer(manner);
      const store = openAt(`postgres://u:p@${host}/d?sslmode=${sslmode}`, { clock: impatient });
      const outcome = await store.load(key).catch((error: unknown) => error);
      await store.close();
      await quiet();
      return [name, outcome] as const;
    });
    for (const [name, outcome] of await Promise.all(outcomes))
      expect(outcome, name).toEqual(unavailable(/^postgres /));
  });
});

describe("a server whose messages are malformed", () => {
  /** Shorter than their kind is, and a login of a kind that nobody knows. */
  const malformed = [
    "54000000067fff",
    "44000000067fff",
    "4b000000067fff",
    "5200000006ffff",
    "5200000008000000ff",
  ];

  it("is told as one that is none, in plain and over TLS", async () => {
    const folder = join(server.folder, "hostile");
    await mkdir(folder);
    const certificate = await makeCertificate(folder, "IP:127.0.0.1");
    const load = (host: string, sslmode: string) =>
      openAt(`postgres://u:p@${host}/d?sslmode=${sslmode}`, { clock: impatient }).load(key);
    for (const message of malformed.map((hex) => Buffer.from(hex, "hex"))) {
      const plain = await hostileServer((socket) => void socket.resume().write(message));
      const secured = await hostileServer((socket) => {
        socket.once("data", () => {
          socket.write("S");
          const tls = new TLSSocket(socket, { isServer: true, ...certificate });
          tls.on("error", () => {}).once("data", () => tls.write(message));
        });
      });
      for (const [host, sslmode] of [
        [plain.host, "disable"],
        [secured.host, "require"],
      ] as const)
        await expect(load(host, sslmode)).rejects.toThrow(unavailable(/not a PostgreSQL response/));
    }
  });
});

describe("a server that is cut off", () => {
  it.each(["reset", "close"] as const)("is an outage by %s, wherever its words end", async (how) => {
    const outcomes = [0, 1, 5, 30, 100, 200, 300, 400, 500, 600, 700, 800].map(async (bytes) => {
      const { host } = await hostileServer(cutAfter(`127.0.0.1:${server.port}`, bytes, how));
      const url = server.url().replace(/127\.0\.0\.1:\d+/, host);
      return openAt(url, { clock: impatient })
        .load(key)
        .catch((error: unknown) => error);
    });
    const [first, ...others] = await Promise.all(outcomes);
    expect(first).toEqual(unavailable(/the connection broke/));
    // The last bytes are not always needed.
    for (const outcome of others.filter((each) => each !== null))
      expect(outcome).toEqual(unavailable(/the connection broke/));
  });
});
