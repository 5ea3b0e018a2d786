import * as v from "valibot";
import type { Clock, Random } from "../core/clock.ts";
import { iamRefusal } from "./errors.ts";
import { hexId } from "./random.ts";
import { json, type SimulatedResponse } from "./response.ts";

const tokenRequest = v.object({
  auth: v.object({
    identity: v.object({
      methods: v.array(v.string()),
      password: v.object({
        user: v.object({ name: v.string(), password: v.string(), domain: v.object({ name: v.string() }) }),
      }),
    }),
    scope: v.optional(v.object({ project: v.looseObject({}) })),
  }),
});

/** An IAM user who may request tokens. */
export interface SimulatedUser {
  readonly username: string;
  readonly password: string;
  readonly domain: string;
}

/** Settings of the simulated IAM. */
export interface TokenOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly users: readonly SimulatedUser[];
  /** Tokens that never expire. */
  readonly tokens: readonly string[];
  readonly tokenLifeMs: number;
}

/** Issues and checks IAM tokens. */
export interface Tokens {
  check(token: string): "good" | "expired" | "unknown";
  /** IAM's response to a request for a token. */
  issue(body: string): SimulatedResponse;
}

/** IAM's token call, as a client sees it. */
export function issueTokens({ clock, random, users, tokens, tokenLifeMs }: TokenOptions): Tokens {
  const expiries = new Map(tokens.map((token) => [token, Number.POSITIVE_INFINITY]));
  return {
    check(token) {
      const expiresAtMs = expiries.get(token);
      if (expiresAtMs === undefined) return "unknown";
      return clock.now() < expiresAtMs ? "good" : "expired";
    },
    issue(body) {
      const request = v.safeParse(v.pipe(v.string(), v.parseJson(), tokenRequest), body);
      if (!request.success) return iamRefusal(400, "The request body is invalid.");
      const { name, password, domain } = request.output.auth.identity.password.user;
      const isKnown = users.some(
        (user) => user.username === name && user.password === password && user.domain === domain.name,
      );
      if (!isKnown) return iamRefusal(401, "The username or password is wrong.");
      const token = `MII${hexId(random)}${hexId(random)}`;
      const nowMs = clock.now();
      expiries.set(token, nowMs + tokenLifeMs);
      return json(
        201,
        {
          token: { methods: ["password"], issued_at: micros(nowMs), expires_at: micros(nowMs + tokenLifeMs) },
        },
        { "x-subject-token": token },
      );
    },
  };
}

/** ISO 8601 with the six fractional digits that IAM sends. */
const micros = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
