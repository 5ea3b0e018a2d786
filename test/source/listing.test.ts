import type { ServerResponse } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ListingHead, listingLimit } from "../../lib/source/listing.ts";
import { type LoopbackHandler, loopback, open, readAll, record, sleepingClock } from "./loopback.ts";

const nowMs = Date.parse("2024-08-07T12:00:00Z");
const at = (secondsAgo: number): string => new Date(nowMs - secondsAgo * 1_000).toISOString();
const refuse = (response: ServerResponse) =>
  response.writeHead(400).end('{"error_code":"DMS.00400062","error_msg":"bad parameter"}');

interface World {
  /** Newest first; the instant of each one's creation. */
  readonly rows: { readonly id: string; readonly created_at: string }[];
  /** `zoned`: reads end_time as eight hours later than it is meant. */
  readonly endTime: "honoured" | "ignored" | "refused" | "zoned";
}

/** The API of a world whose rows may move before each request. */
const serve =
  (world: World, move: (request: number) => void): LoopbackHandler =>
  (response, request) => {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    move(requests++);
    const end = query.get("end_time");
    if (end !== null && world.endTime === "refused") return void refuse(response);
    const endMs =
      end === null || world.endTime === "ignored"
        ? Number.POSITIVE_INFINITY
        : Date.parse(end.replace(/(....)(..)(..)(..)(..)(..)/, "$1-$2-$3T$4:$5:$6.999Z")) -
          (world.endTime === "zoned" ? 8 * 3_600_000 : 0);
    const held = world.rows.filter(({ created_at }) => Date.parse(created_at) <= endMs);
    const from = Number(query.get("start")) - 1;
    const page = held.slice(from, from + Number(query.get("limit")));
    response.writeHead(200, { date: new Date(nowMs).toUTCString() });
    response.end(
      JSON.stringify({
        task_count: String(held.length),
        tasks: page.map(({ id, created_at }) => record(id, { created_at })),
      }),
    );
  };
let requests = 0;

const world = (endTime: World["endTime"], count = 25): World => ({
  endTime,
  rows: Array.from({ length: count }, (_, index) => ({ id: `t${index}`, created_at: at(60 + index) })),
});

async function read(of: World, move: (request: number) => void = () => {}) {
  requests = 0;
  const server = await loopback(serve(of, move));
  const { source } = open(server.origin, { pageSize: 10 });
  const listing = await readAll(source);
  const ends = server.requests.map(({ url }) => url.searchParams.get("end_time"));
  return { ...listing, ends, source, server, doubt: listing.pages.at(-1)?.doubt };
}

describe("a listing of several pages", () => {
  it("pins its head by end_time from the second page on, a second after the API's clock", async () => {
    const { ends, ids, doubt } = await read(world("honoured"));
    expect(ends).toEqual([null, "20240807120001", "20240807120001"]);
    expect([ids.length, doubt]).toEqual([25, null]);
  });

  it("pins it behind a task that is newer than the API's clock", async () => {
    const ahead = world("honoured");
    ahead.rows[0] = { id: "t0", created_at: at(-3_600) };
    expect((await read(ahead)).ends[1]).toBe("20240807130001");
  });

  it("is read once though new tasks appear before each of its pages", async () => {
    const moving = world("honoured");
    const { ends, ids, doubt } = await read(moving, (request) => {
      if (request > 0) moving.rows.unshift({ id: `new${request}`, created_at: at(-10 - request) });
    });
    expect(ends).toHaveLength(3);
    expect([ids.length, doubt]).toEqual([25, null]);
  });

  it.each(["refused", "zoned"] as const)(
    "is read whole where end_time is %s, and sends it no more",
    async (endTime) => {
      const { ids, doubt, source, server } = await read(world(endTime));
      expect([new Set(ids).size, doubt]).toEqual([25, null]);
      server.seen.length = 0;
      await readAll(source);
      expect(server.requests.map(({ url }) => url.searchParams.get("end_time"))).toEqual([null, null, null]);
    },
  );

  it("loses no task that stood still while rows moved, or is in doubt", async () => {
    const steps = fc.array(fc.constantFrom("nothing", "insert", "remove"), { maxLength: 8 });
    const endTime = fc.constantFrom<World["endTime"]>("honoured", "ignored", "refused", "zoned");
    await fc.assert(
      fc.asyncProperty(steps, endTime, fc.nat(35), async (moves, endTime, count) => {
        const moving = world(endTime, count);
        const stayed = new Set(moving.rows.map(({ id }) => id));
        const { ids, doubt } = await read(moving, (request) => {
          const step = request === 0 ? "nothing" : moves[request];
          if (step === "insert") moving.rows.unshift({ id: `new${request}`, created_at: at(-request) });
          if (step !== "remove") return;
          const [gone] = moving.rows.splice(Math.floor(moving.rows.length / 2), 1);
          if (gone) stayed.delete(gone.id);
        });
        if (doubt === null) expect([...stayed.difference(new Set(ids))]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a listing that goes on and on", () => {
  const page = (received: number, taskCount: number | null) => ({ received, taskCount });

  it("ends at the budget once it is past what its count promised, or without a count", () => {
    const { clock, pass } = sleepingClock();
    const limit = listingLimit(clock, 30_000);
    expect(limit(page(10, null))).toBeNull();
    pass(30_000);
    expect(limit(page(10, null))).toBe("the listing has no end after 30 s");
  });

  it("may take ten budgets while its first count promises more", () => {
    const { clock, pass } = sleepingClock();
    const limit = listingLimit(clock, 30_000);
    expect(limit(page(10, 1_000))).toBeNull();
    pass(299_999);
    expect(limit(page(10, 1_000))).toBeNull();
    pass(1);
    expect(limit(page(10, 1_000_000))).toBe("the listing has no end after 300 s");
  });

  it("tells what was read, in doubt", async () => {
    const { source, pass } = open(
      (
        await loopback((response, { url }) => {
          const from = Number(new URL(url ?? "", "http://x").searchParams.get("start"));
          pass(10_000);
          response.end(JSON.stringify({ tasks: [record(`t${from}`)] }));
        })
      ).origin,
    );
    const { ids, pages } = await readAll(source);
    expect(ids).toEqual(["t1", "t2", "t3"]);
    expect(pages.map(({ doubt }) => doubt)).toEqual([null, null, "the listing has no end after 30 s"]);
  });
});

it("a head is pinned by nothing where no count promises more", () => {
  for (const taskCount of [null, 0, 10]) {
    const head = new ListingHead({ isPinned: true });
    head.turnTo({ pass: 0, name: "start", value: 1, mayBeRefused: false });
    head.note({ tasks: [], skipped: [], received: 10, taskCount }, nowMs);
    expect(head.endMs).toBeNull();
  }
});
