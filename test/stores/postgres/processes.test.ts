import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { key } from "../../checkpoint/sample.ts";
import { onStore, type Said } from "../../integration/store-process.ts";
import { type Postgres, startPostgres } from "../../services/postgres.ts";
import { openAt } from "./opened.ts";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const wonBy = (said: readonly Said[]): readonly number[] => said.flatMap(({ committed }) => committed ?? []);
const read = () => openAt(server.url(), { schema: "bridge" }).load(key);

describe("two processes on one PostgreSQL server", () => {
  it("agree on one schema at their start, and never both commit the same version, also when killed", {
    timeout: 60_000,
  }, async () => {
    let lostRaces = 0;
    const until = (said: Said): boolean => {
      if (said.committed === null) lostRaces += 1;
      return lostRaces >= 30;
    };
    const all = await Promise.all([1, 2].map(() => onStore({ mode: "commit", folder: server.url(), until })));
    expect(all.flat().filter(({ failed }) => failed)).toEqual([]);
    const won = all.flatMap(wonBy);
    expect(new Set(won).size).toBe(won.length);
    const held = await read();
    expect(held?.version).toBe(held?.checkpoint.watermarkMs);
    // Each of the two may have been killed between a commit and its word.
    expect([0, 1, 2]).toContain((held?.version ?? 0) - won.length);
  });

  it("tell of a server that is not there, and end", async () => {
    await server.kill();
    const said = await onStore({ mode: "race", folder: server.url(), times: 1 });
    await server.restart();
    expect(said).toEqual([{ failed: "unavailable", message: expect.stringContaining("ECONNREFUSED") }]);
  });
});
