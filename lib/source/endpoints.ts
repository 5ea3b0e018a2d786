import type { SourceConfig } from "../config/schema.ts";
import { regionalEndpoint } from "../huawei/endpoint.ts";

/** Regions with a DMS endpoint, as published in 2026. New regions appear, so a region not listed here is no error. */
const regions: ReadonlySet<string> = new Set(
  `af-north-1 af-south-1 ae-ad-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5
   cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-11 cn-north-12
   cn-south-1 cn-south-2 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-0 eu-west-101 la-north-2 la-south-2
   me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 ru-northwest-2 sa-brazil-1 tr-west-1`.split(/\s+/),
);

/** Whether the region is listed here. */
export const isKnownRegion = (region: string): boolean => regions.has(region);

/** URL of the task API: the configured endpoint, or the region's. */
export const taskEndpoint = (config: SourceConfig): URL =>
  new URL(config.endpoint ?? regionalEndpoint(config.engine === "dcs" ? "dcs" : "dms", config.region));

/** URL of IAM, which issues tokens. */
export const iamEndpoint = (config: SourceConfig): URL =>
  new URL(config.iamEndpoint ?? regionalEndpoint("iam", config.region));
