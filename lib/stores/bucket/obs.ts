import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { StoreError } from "../../core/errors.ts";
import { accessKeyIn } from "../../huawei/access-key.ts";
import { regionalEndpoint } from "../../huawei/endpoint.ts";
import { signObs } from "../../huawei/obs-sign.ts";
import type { Provider } from "./client.ts";
import type { BucketLocation } from "./location.ts";
import { endpointAt } from "./location.ts";

const subresources: ReadonlySet<string> = new Set(["append", "position"]);

/**
 * Huawei Cloud OBS. It has no conditional PUT; appending at position 0 creates an object and fails if it exists:
 * https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0088.html
 */
export function obsProvider(
  place: BucketLocation,
  deps: { readonly environment: Environment; readonly clock: Clock },
): Provider {
  const { environment, clock } = deps;
  return {
    endpoint: () =>
      endpointAt(place, () => {
        const region = place.region ?? environment["HUAWEICLOUD_SDK_REGION"];
        if (region) return new URL(regionalEndpoint("obs", region));
        throw new StoreError(
          "unavailable",
          "checkpoint: no region for OBS: set region or HUAWEICLOUD_SDK_REGION",
        );
      }),
    sign: async ({ method, resource, query, headers }) => {
      const key = accessKeyIn(environment);
      if (!key)
        throw new StoreError(
          "unavailable",
          "checkpoint: no access key for OBS: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or give the function an agency",
        );
      const signed = query.filter(([name]) => subresources.has(name));
      return signObs({ method, resource, subresources: signed, headers }, key, clock.now());
    },
    renewKey: () => false,
    create: {
      method: "POST",
      query: [
        ["append", ""],
        ["position", "0"],
      ],
      headers: {},
    },
    existsCodes: new Set(["PositionNotEqualToLength", "ObjectNotAppendable"]),
  };
}
