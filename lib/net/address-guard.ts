import net, { type BlockList, isIP } from "node:net";
import { parseIp, v4Text } from "./ip.ts";

/** Loopback and private networks, which `allowPrivateNetwork: true` opens. */
const privateRanges = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
] as const;

/** Other ranges without public receivers: link-local, reserved, documentation, multicast, and tunnels to them. */
const specialRanges = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/32",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
] as const;

/** Metadata services, where clouds hand out credentials; no setting opens them. */
const metadataAddresses = [
  // Nearly all clouds: AWS, Azure, GCP, Huawei, OCI, OpenStack, DigitalOcean; the last is OpenStack's over IPv6.
  "169.254.169.254/32",
  "fe80::a9fe:a9fe/128",
  // AWS: instances over IPv6, ECS containers, EKS pods.
  "fd00:ec2::254/128",
  "169.254.170.2/32",
  "169.254.170.23/32",
  "fd00:ec2::23/128",
  // Azure's host: a public address that serves nothing else.
  "168.63.129.16/32",
  // GCP, OCI and Scaleway over IPv6; OCI's older address; Alibaba; Tencent.
  "fd20:ce::254/128",
  "fd00:c1::a9fe:a9fe/128",
  "fd00:42::42/128",
  "192.0.0.192/32",
  "100.100.100.200/32",
  "169.254.0.23/32",
] as const;

/** Addresses that a sink may connect to. */
export interface GuardOptions {
  /** True opens loopback and the private networks; a list opens its CIDR ranges. */
  readonly allow: boolean | readonly string[];
  /** Refuses public addresses too; for plain http URLs. */
  readonly onlyAllowed: boolean;
}

type Ranges = Readonly<Record<"metadata" | "closed" | "opened", BlockList>>;

/** Whether connecting to an address is permitted; false for text that is not an IP address. */
export type AddressGuard = (address: string) => boolean;

/** Creates a guard. Cloud metadata addresses are always refused. */
export function addressGuard({ allow, onlyAllowed }: GuardOptions): AddressGuard {
  // Built for the first address: an idle run delivers nothing.
  let made: Ranges | null = null;
  const ranges = (): Ranges => {
    made ??= {
      metadata: rangesOf(metadataAddresses),
      closed: rangesOf([...privateRanges, ...specialRanges]),
      opened: rangesOf(allow === true ? privateRanges : allow === false ? [] : allow),
    };
    return made;
  };
  const permits = (address: string): boolean => {
    const { metadata, closed, opened } = ranges();
    if (has(metadata, address)) return false;
    return has(opened, address) || !(onlyAllowed || has(closed, address));
  };
  return (address) => {
    const { metadata, closed } = ranges();
    const bare = address.replace(/%.*$/, "");
    if (isIP(bare) === 0 || !permits(bare)) return false;
    // An allowed tunnel does not open the address behind it.
    return embeddedV4(bare).every(
      (inside) => permits(inside) || !(has(metadata, inside) || has(closed, inside)),
    );
  };
}

/** Whether the text is a CIDR range: `10.20.0.0/16`, `fd00::/8`. */
export function isCidr(text: string): boolean {
  const [address, prefix, ...more] = text.split("/");
  const family = isIP(address ?? "");
  return (
    family !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix ?? "") && Number(prefix) <= width(family)
  );
}

const width = (family: number): number => (family === 6 ? 128 : 32);

/** Builds a list of ranges to look addresses up in. */
export function rangesOf(ranges: readonly string[]): BlockList {
  // Not a named import: Node loads the class on first access, which an idle run never makes.
  const list = new net.BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

/** Family of a text that is an address. `isIP` would compile its pattern for IPv6, 3 % of a cold start. */
const familyOf = (address: string): "ipv4" | "ipv6" => (address.includes(":") ? "ipv6" : "ipv4");

/** Whether the list contains the address. BlockList resolves `::ffff:10.0.0.1` itself, but not other tunnels. */
export const has = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));

/** The IPv4 addresses that a NAT64, 6to4, Teredo or IPv4-compatible address may lead to. */
function embeddedV4(address: string): readonly string[] {
  const ip = parseIp(address);
  if (ip?.family !== 6) return [];
  const { bits } = ip;
  if (bits >> 112n === 0x2002n) return [v4Text(bits >> 80n)];
  if (bits >> 96n === 0x20010000n) return [v4Text(bits ^ 0xffffffffn)];
  // A local NAT64 prefix of 48 bits splits the address around bits 64 to 71; one of 96 bits has it at the end (RFC
  // 6052, section 2.2).
  if (bits >> 80n === 0x0064ff9b0001n) {
    const [low, high] = [bits & 0xffffffffn, (bits >> 64n) & 0xffffn];
    const middle = high === 0n ? 0n : (high << 16n) | ((bits >> 40n) & 0xffffn);
    return [low, middle].filter((found) => found !== 0n).map(v4Text);
  }
  const isEmbedded = bits >> 32n === 0x0064ff9b0000000000000000n || bits >> 32n === 0n;
  return isEmbedded && bits > 1n ? [v4Text(bits)] : [];
}
