/** Open Telekom Cloud's regions: the same services under T-Systems' domain, https://docs.otc.t-systems.com/regions-and-endpoints/ */
const openTelekomRegions: ReadonlySet<string> = new Set(["eu-de", "eu-nl"]);

/** The origin of a service in a region. */
export function regionalEndpoint(service: string, region: string): string {
  if (openTelekomRegions.has(region)) return `https://${service}.${region}.otc.t-systems.com`;
  const domain = region === "eu-west-101" ? "myhuaweicloud.eu" : "myhuaweicloud.com";
  return `https://${service}.${region}.${domain}`;
}
