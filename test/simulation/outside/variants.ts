import type { Stores } from "../../../lib/stores/stores.ts";
import type { Check } from "./judge.ts";
import type { Answer, Reply, Request } from "./messages.ts";
import type { SinkName } from "./receivers.ts";

/** A bridge broken on purpose, by what is put between it and the network or the stores for one history. */
export interface Variant {
  readonly name: string;
  readonly caughtBy: readonly Check[];
  /** Made anew for each history: what the bridge takes an answer of the API for. */
  readonly api?: () => (request: Request, reply: Reply) => Reply;
  /** What the bridge takes a receiver's answer for. */
  readonly sink?: (sink: SinkName, reply: Reply, isAnotherInTrouble: boolean) => Reply;
  readonly stores?: (stores: Stores) => Stores;
}

interface Row {
  readonly id: string;
  readonly status: string | null;
  readonly updated_at?: string;
}

const ends = new Set(["SUCCESS", "FAILED", "CANCELLED"]);

/** The answer with other rows; what holds no list of tasks stays as it is. */
function withRows(reply: Reply, change: (rows: readonly Row[]) => readonly Row[]): Reply {
  // Nested deep, it cannot be written again.
  if (reply.kind !== "answer" || reply.body.length > 100_000) return reply;
  if (reply.status !== 200 || !reply.body.startsWith('{"task_count"')) return reply;
  const body: { task_count?: unknown; tasks: readonly Row[] | null } = JSON.parse(reply.body);
  const tasks = change(body.tasks ?? []);
  return { ...reply, body: JSON.stringify({ ...body, tasks }) };
}

const withCheckpoints = (
  stores: Stores,
  change: (checkpoints: Stores["checkpoints"]) => Stores["checkpoints"],
): Stores => ({ ...stores, checkpoints: change(stores.checkpoints) });

const later = (answer: Answer): Reply => ({ ...answer, delayMs: (answer.delayMs ?? 0) + 20_000 });

export const variants: readonly Variant[] = [
  {
    name: "end-with-an-older-stamp-ignored",
    // A look that sees the end, and a list that does not, let it begin again.
    caughtBy: ["no loss", "same id"],
    api: () => {
      const known = new Map<string, Row>();
      return (_, reply) =>
        withRows(reply, (rows) =>
          rows.map((row) => {
            const before = known.get(row.id);
            const isOlder = (row.updated_at ?? "") <= (before?.updated_at ?? "");
            if (before && isOlder && ends.has(row.status ?? "")) return before;
            known.set(row.id, row);
            return row;
          }),
        );
    },
  },
  {
    name: "first-page-taken-for-all",
    // The run that was shown a later page has not told of it when it ends.
    caughtBy: ["isolation", "no loss"],
    api: () => (request, reply) => {
      const isFirst = (request.url.searchParams.get("start") ?? "1") === "1";
      const page = withRows(reply, (rows) => (isFirst ? rows : []));
      if (page.kind !== "answer" || page.status !== 200) return page;
      return { ...page, body: page.body.replace(/"task_count":("?)\d+"?/, '"task_count":"3"') };
    },
  },
  {
    name: "gone-by-any-404",
    caughtBy: ["vanished", "no loss"],
    api: () => {
      const missed = new Set<string>();
      return (request, reply) => {
        const id = request.url.pathname.split("/tasks/")[1];
        if (id === undefined) return withRows(reply, (rows) => rows.filter((row) => !missed.has(row.id)));
        if (reply.kind !== "answer" || (reply.status === 200 && !reply.body.includes('"tasks":[]')))
          return reply;
        missed.add(id);
        const body = JSON.stringify({ error_code: "DMS.00404000", error_msg: "This task does not exist." });
        return { ...reply, status: 404, body };
      };
    },
  },
  {
    name: "records-that-owe-not-served",
    caughtBy: ["no loss", "progress"],
    stores: ({ activity, ...stores }) => ({
      ...stores,
      activity:
        activity &&
        new Proxy(activity, {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            return typeof method === "function" ? async () => new Map() : method;
          },
        }),
    }),
  },
  {
    name: "outages-forgotten",
    caughtBy: ["outage", "progress"],
    stores: (stores) =>
      withCheckpoints(stores, ({ commit, ...rest }) => ({
        ...rest,
        commit: (stream, next, ...given) => commit(stream, { ...next, outage: null }, ...given),
      })),
  },
  {
    name: "outages-begin-an-hour-early",
    caughtBy: ["outage"],
    stores: (stores) =>
      withCheckpoints(stores, ({ commit, ...rest }) => ({
        ...rest,
        commit: (stream, next, ...given) => {
          const { outage } = next;
          const isNew = outage && outage.emittedMs === null && outage.sinceMs % 2 === 0;
          const early = isNew ? { ...outage, sinceMs: outage.sinceMs - 3_600_001 } : outage;
          return commit(stream, { ...next, outage: early }, ...given);
        },
      })),
  },
  {
    name: "hanging-sink-holds-up-others",
    caughtBy: ["isolation"],
    sink: (_, reply, isAnotherInTrouble) =>
      isAnotherInTrouble && reply.kind === "answer" ? later(reply) : reply,
  },
  {
    name: "given-up-after-one-failure",
    caughtBy: ["given up"],
    sink: (_, reply) => (reply.kind === "answer" && reply.status >= 500 ? { ...reply, status: 422 } : reply),
  },
];
