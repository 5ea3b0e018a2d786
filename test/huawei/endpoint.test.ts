import { expect, it } from "vitest";
import { regionalEndpoint } from "../../lib/huawei/endpoint.ts";

it.each([
  ["dms", "cn-north-4", "https://dms.cn-north-4.myhuaweicloud.com"],
  ["smn", "eu-west-101", "https://smn.eu-west-101.myhuaweicloud.eu"],
  ["dms", "eu-de", "https://dms.eu-de.otc.t-systems.com"],
  ["iam", "eu-nl", "https://iam.eu-nl.otc.t-systems.com"],
])("%s in %s answers at its cloud's own domain", (service, region, origin) => {
  expect(regionalEndpoint(service, region)).toBe(origin);
});
