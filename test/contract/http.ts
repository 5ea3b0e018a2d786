import { createServer, type IncomingHttpHeaders, request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SinkDeps } from "../../lib/sinks/sink.ts";
import { listening } from "../harness/servers.ts";
import { running, sampleDeps, sampleEvents } from "../sinks/sample.ts";
import type { Trial } from "./sink.ts";

/** A request or an answer on its way. */
interface Passing {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What stands between a sink and its target makes of an answer; null breaks it off half-way. */
type Change = (answer: Passing, request: Passing) => Passing | null;

/** Where to send so that the way to `origin` leads through the gateway. */
export type Gateway = (origin: string) => Promise<string>;

export interface HttpSetup {
  /** A sink whose deliveries pass, and whose way to its target leads through a gateway. */
  through(gateway: Gateway): (deps: SinkDeps) => Promise<Trial>;
  /** For a receiver of which nothing is known but that its 2xx means that it has the event. */
  readonly isStatusProof?: boolean;
}

const gatewayThat =
  (change: Change, asked: Passing[] = []): Gateway =>
  async (origin) => {
    const server = createServer(async (request, response) => {
      const { method, url: path, headers } = request;
      const body = await buffer(request);
      const asking = { status: 0, headers, body };
      asked.push(asking);
      const onward = send(`${origin}${path}`, { method: method ?? "POST", headers }, async (answered) => {
        const got = {
          status: answered.statusCode ?? 0,
          headers: answered.headers,
          body: await buffer(answered),
        };
        const changed = change(got, asking);
        if (!changed) {
          response.writeHead(got.body.length > 0 ? got.status : 200, {
            ...withoutLength(got.headers),
            "content-length": 1_000_000,
          });
          response.write(got.body.subarray(0, got.body.length / 2), () => request.socket.destroy());
        } else response.writeHead(changed.status, withoutLength(changed.headers)).end(changed.body);
      });
      onward.end(body);
    });
    return (await listening(server)).origin;
  };

function withoutLength({
  "content-length": _,
  "transfer-encoding": __,
  connection: ___,
  ...headers
}: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers;
}

/** The answer with more in it, as a platform that answers with the whole message; one without a body stays as it is. */
const lengthened: Change = (answer) => {
  const text = answer.body.toString();
  const body = text.startsWith("{")
    ? text.replace("{", `{"echo":"${"\\u4efb\\u52a1".repeat(20_000)}"${text === "{}" ? "" : ","}`)
    : text === "" || text.startsWith("<")
      ? text
      : `${text}${" ".repeat(200_000)}`;
  return { ...answer, body: Buffer.from(body) };
};

const compressors = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync } as const;

const page = (status: number, body: string): Change => {
  return () => ({ status, headers: { "content-type": "text/html" }, body: Buffer.from(body) });
};

/** Successes that are not the target's. */
const strangers: Readonly<Record<string, Change>> = {
  "a sign-in page": page(200, "<!doctype html><title>Sign in</title><form action=/login></form>"),
  "a captive portal's long page": page(200, `<html>${"<p>Welcome to our network</p>".repeat(60_000)}</html>`),
  "an echo": (_, { headers, body }) => ({
    status: 200,
    headers: { "content-type": headers["content-type"] },
    body,
  }),
  "an empty page": page(200, ""),
  "a word": page(200, "OK, thank you"),
  "some JSON": page(200, '{"hello":"world"}'),
  "a report of failure": page(200, '{"success":false,"message":"Webhook message delivery failed"}'),
};

/** What every sink that speaks HTTP must make of answers that are not as they should be. */
export function httpContract(name: string, { through, isStatusProof = false }: HttpSetup): void {
  const setUp = async (change: Change, asked: Passing[] = []) => {
    const trial = await through(gatewayThat(change, asked))(sampleDeps);
    onTestFinished(() => trial.sink.close());
    const events = sampleEvents(Math.min(2, trial.sink.batch.maxEvents));
    const results = await trial.sink.deliver(events, running());
    return { events, results, arrived: await trial.arrived() };
  };

  describe(`the sink ${name} over HTTP`, () => {
    it("takes a success for one however long its answer is", async () => {
      const { events, results, arrived } = await setUp(lengthened);
      expect(results).toMatchObject(events.map(() => ({ kind: "accepted" })));
      expect(arrived).toEqual(events.map(({ id }) => id));
    });

    it.each(Object.entries(compressors))(
      "declines compression, and reads an answer in %s all the same",
      async (encoding, compress) => {
        const asked: Passing[] = [];
        const { events, results } = await setUp((answer) => {
          if (answer.body.length === 0) return answer;
          const headers = { ...answer.headers, "content-encoding": encoding };
          return { ...answer, headers, body: compress(answer.body) };
        }, asked);
        expect(results).toMatchObject(events.map(() => ({ kind: "accepted" })));
        expect(new Set(asked.map(({ headers }) => headers["accept-encoding"]))).toEqual(
          new Set(["identity"]),
        );
      },
    );

    it.each(isStatusProof ? [] : Object.entries(strangers))(
      "takes %s for no acceptance, and does not repeat at once",
      async (_, change) => {
        const { results } = await setUp(change);
        for (const result of results) {
          if (result.kind === "accepted" || result.kind === "permanent")
            throw new Error(`the sink said ${result.kind}`);
          expect(result.retryAfterMs).toBeGreaterThanOrEqual(60_000);
        }
      },
    );

    it("does not repeat at once what it was answered with a success that broke off", async () => {
      const { results } = await setUp(() => null);
      for (const result of results) {
        if (result.kind === "accepted") continue;
        expect(result).toMatchObject({ kind: "retry", retryAfterMs: 600_000 });
      }
    });
  });
}
