import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { systemClock } from "../../lib/core/clock.ts";
import { postgresUrl } from "../../lib/options/postgres-url.ts";
import { bucketCheckpoints } from "../../lib/stores/bucket/checkpoints.ts";
import { openBucket } from "../../lib/stores/bucket/index.ts";
import { postgresCheckpoints } from "../../lib/stores/postgres/checkpoints.ts";
import { openDatabase } from "../../lib/stores/postgres/database.ts";
import { startPostgres } from "../services/postgres.ts";
import { startVersitygw } from "../services/versitygw.ts";
import { changesIn, type KillStore } from "./kill-store.ts";

/** A store whose server outlives the killed processes. */
export interface ServedStore {
  readonly store: KillStore;
  stop(): Promise<void>;
}

/** Starts the server of each store that has one. */
export const servers = {
  postgres: async (): Promise<ServedStore> => {
    const server = await startPostgres();
    const schema = "bridge";
    const place = { url: v.parse(postgresUrl, server.url()), schema };
    const openStore = () =>
      postgresCheckpoints(openDatabase(place, { clock: systemClock, random: Math.random }), {
        clock: systemClock,
        newId: randomUUID,
      });
    return {
      store: {
        checkpoint: { type: "postgres", url: server.url(), schema },
        changes: (stream) => changesIn(openStore(), stream),
      },
      stop: () => server.stop(),
    };
  },
  bucket: async (): Promise<ServedStore> => {
    const server = await startVersitygw();
    const { environment, bucket, origin } = server;
    const place = { provider: "s3", bucket, prefix: "bridge", endpoint: origin } as const;
    const openStore = () =>
      bucketCheckpoints({
        bucket: openBucket(place, { environment, clock: systemClock, random: Math.random }),
        clock: systemClock,
        newId: randomUUID,
      });
    return {
      store: {
        checkpoint: { type: "bucket", ...place },
        environment,
        changes: (stream) => changesIn(openStore(), stream),
      },
      stop: () => server.stop(),
    };
  },
};
