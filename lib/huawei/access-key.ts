import type { AccessKey } from "./sign.ts";

/** Environment variables with an access key, in order of precedence. */
export const accessKeyVariables = [
  ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"],
  ["CLOUD_SDK_AK", "CLOUD_SDK_SK"],
] as const;
const tokenVariable = "HUAWEICLOUD_SDK_SECURITY_TOKEN";

/** The access key in the environment; null for none. Both halves come from one pair: mixed, they could not sign. */
export function accessKeyIn(environment: Readonly<Record<string, string | undefined>>): AccessKey | null {
  // A line break or blanks left by a file would break the header or the signature.
  const read = (name: string): string | undefined => environment[name]?.trim();
  const securityToken = read(tokenVariable);
  for (const [akVariable, skVariable] of accessKeyVariables) {
    const [ak, sk] = [read(akVariable), read(skVariable)];
    if (ak && sk) return { ak, sk, ...(securityToken && { securityToken }) };
  }
  return null;
}
