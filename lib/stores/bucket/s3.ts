import type { Dispatcher } from "undici";
import { AwsError } from "../../aws/errors.ts";
import { openKeys } from "../../aws/keys.ts";
import { endpointOf, regionOf } from "../../aws/services.ts";
import { signV4 } from "../../aws/sigv4.ts";
import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { StoreError } from "../../core/errors.ts";
import { type Provider, queryText } from "./client.ts";
import { type BucketLocation, endpointAt } from "./location.ts";

interface S3Deps {
  readonly environment: Environment;
  readonly clock: Clock;
  /** For requests for the container's credentials. */
  readonly dispatcher: Dispatcher;
}

/**
 * AWS S3 and compatible stores that support If-None-Match:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3Provider(place: BucketLocation, { environment, clock, dispatcher }: S3Deps): Provider {
  const env: Environment = {
    ...environment,
    ...(place.region && { AWS_REGION: place.region }),
    ...(place.endpoint && { AWS_ENDPOINT_URL_S3: place.endpoint }),
  };
  const keys = openKeys({ env, clock, dispatcher });
  return {
    endpoint: () => {
      const given = env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"];
      const url = orStoreError(() => endpointOf("s3", regionOf(env), env));
      return endpointAt({ ...place, endpoint: given ? url.href : undefined }, () => url);
    },
    sign: async ({ method, path, query, headers, body }) => {
      const key = await keys.current({ signal: new AbortController().signal }).catch(throwAsStoreError);
      const region = orStoreError(() => regionOf(env));
      const request = { method, path, query: queryText(query), headers, body };
      return signV4(request, key, { region, service: "s3" }, clock.now());
    },
    renewKey: () => keys.renew(),
    create: { method: "PUT", query: [], headers: { "if-none-match": "*" } },
    existsCodes: new Set(["PreconditionFailed"]),
  };
}

function orStoreError<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    return throwAsStoreError(error);
  }
}

function throwAsStoreError(error: unknown): never {
  if (!(error instanceof AwsError)) throw error;
  throw new StoreError("unavailable", `checkpoint: ${error.message}`, { cause: error });
}
