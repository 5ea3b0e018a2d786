/** Where a service answers in a region, as an origin. */
export function regionalEndpoint(service: string, region: string): string {
  const domain = region === "eu-west-101" ? "myhuaweicloud.eu" : "myhuaweicloud.com";
  return `https://${service}.${region}.${domain}`;
}
