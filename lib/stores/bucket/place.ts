import type { Endpoint } from "./client.ts";

/** Where a bucket is. */
export interface Place {
  readonly bucket: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * At the provider's own endpoint the bucket's name begins the host; at one that is configured it begins the path, unless
 * that host begins with it already.
 */
export function endpointAt({ bucket, endpoint }: Place, own: () => URL): Endpoint {
  const url = endpoint === undefined ? own() : new URL(endpoint);
  const isBucketsOwn = url.hostname.startsWith(`${bucket}.`);
  if (isBucketsOwn || endpoint !== undefined) return { url, isBucketsOwn };
  return { url: new URL(`${url.protocol}//${bucket}.${url.host}`), isBucketsOwn: true };
}
