/** An IP address as a number: 32 bits for IPv4, 128 for IPv6. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** Parses an IP address, IPv6 without a zone; null when the text is not one. */
export function parseIp(text: string): IpAddress | null {
  const isV6 = text.includes(":");
  const bits = isV6 ? v6Bits(text) : v4Bits(text);
  return bits === null ? null : { family: isV6 ? 6 : 4, bits };
}

/** Formats the 32 low bits in dotted notation. */
export const v4Text = (bits: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");

function v4Bits(text: string): bigint | null {
  const parts = text.split(".");
  const isV4 = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part <= 255);
  return isV4 ? parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) : null;
}

function v6Bits(text: string): bigint | null {
  const hex = withHexTail(text);
  const [head, tail, ...more] = hex?.split("::").map(groupsOf) ?? [];
  if (!head || more.length > 0) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

const groupsOf = (half: string): readonly string[] => (half === "" ? [] : half.split(":"));

/** Rewrites `::ffff:10.0.0.1` as `::ffff:a00:1`; null when the dotted tail is not an IPv4 address. */
function withHexTail(text: string): string | null {
  if (!text.includes(".")) return text;
  const start = text.lastIndexOf(":") + 1;
  const bits = v4Bits(text.slice(start));
  return bits === null
    ? null
    : `${text.slice(0, start)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}
