import type { Endpoint } from "./client.ts";

/** Location of a bucket. */
export interface BucketLocation {
  readonly bucket: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Resolves a bucket's URL. The provider's own endpoint takes the bucket in the host; a configured endpoint takes it in
 * the path, unless its host already starts with it.
 */
export function endpointAt({ bucket, endpoint }: BucketLocation, own: () => URL): Endpoint {
  const url = endpoint === undefined ? own() : new URL(endpoint);
  const isBucketsOwn = url.hostname.startsWith(`${bucket}.`);
  if (isBucketsOwn || endpoint !== undefined) return { url, isBucketsOwn };
  return { url: new URL(`${url.protocol}//${bucket}.${url.host}`), isBucketsOwn: true };
}
