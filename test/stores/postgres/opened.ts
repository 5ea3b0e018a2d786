import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { expect, onTestFinished } from "vitest";
import type { CheckpointStore } from "../../../lib/checkpoint/store.ts";
import { type Clock, systemClock } from "../../../lib/core/clock.ts";
import { postgresUrl } from "../../../lib/options/postgres-url.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import { postgresCheckpoints } from "../../../lib/stores/postgres/checkpoints.ts";
import { openDatabase } from "../../../lib/stores/postgres/database.ts";

/** A schema's name, never given before. */
export const newSchema = (): string => `t${randomUUID().replaceAll("-", "")}`;

/** Waits between two attempts take no time. */
export const impatient: Clock = { now: systemClock.now, sleep: async () => {} };

interface Opened {
  readonly schema?: string;
  readonly ca?: string;
  readonly clock?: Clock;
}

/** Checkpoints at a URL until the test ends, in a schema of their own where none is named. */
export function openAt(
  url: string,
  { schema = newSchema(), ca, clock = systemClock }: Opened = {},
): CheckpointStore {
  const options = { url: v.parse(postgresUrl, url), schema, ca };
  const database = openDatabase(options, { clock, random: seededRandom(1) });
  const store = postgresCheckpoints(database, { clock, newId: randomUUID });
  onTestFinished(() => store.close());
  return store;
}

export const unavailable = (message: RegExp) =>
  expect.objectContaining({
    name: "StoreError",
    reason: "unavailable",
    message: expect.stringMatching(message),
  });
