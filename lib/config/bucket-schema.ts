import * as v from "valibot";
import { described, httpUrl, identifier } from "../options/fields.ts";

const bucketExpectation = "a bucket's name: 3 to 63 lower-case letters, digits and hyphens";
/** Without dots: a host with a dotted bucket name matches no TLS certificate. */
const bucketName = v.pipe(
  v.string(bucketExpectation),
  v.trim(),
  v.regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, bucketExpectation),
);

const prefixExpectation =
  "segments of letters, digits, -, _ and ~ with a slash between them, at most 200 characters";
const keyPrefix = v.pipe(
  v.string(prefixExpectation),
  v.maxLength(200, prefixExpectation),
  v.regex(/^[\w~-]+(\/[\w~-]+)*$/, prefixExpectation),
);

/** `checkpoint` with the type `bucket`. */
export const bucketCheckpoint = v.strictObject({
  type: described(
    v.literal("bucket"),
    "An object store: a bucket without versioning, replication, retention lock or rules that delete.",
  ),
  provider: described(
    v.picklist(["obs", "s3"], "obs or s3"),
    "`obs`: Huawei Cloud and Open Telekom Cloud; `s3`: AWS and compatible stores that honour `If-None-Match: *`.",
  ),
  bucket: described(bucketName, "Name of the bucket."),
  prefix: v.optional(
    described(keyPrefix, "Prefix of every key, followed by a slash; the bucket may hold other objects, too."),
    "dms-task-bridge",
  ),
  region: v.optional(
    described(
      identifier("a region"),
      "Region of the bucket; by default HUAWEICLOUD_SDK_REGION, or AWS_REGION for `s3`.",
    ),
  ),
  endpoint: v.optional(
    described(
      httpUrl,
      "The store's endpoint, if it is not the region's. The bucket is added as its path, unless the host begins with it.",
    ),
  ),
});
