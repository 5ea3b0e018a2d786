import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import net, { type BlockList, isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { parseIp, v4Text } from "../../net/ip.ts";

/** Loopback and private networks: what `allowPrivateNetwork: true` opens. */
const privateRanges = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
] as const;

/** What else no public receiver answers on: link-local, reserved, documentation, multicast, and tunnels to all of those. */
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

/** Where clouds hand out credentials; no setting opens these. */
const metadataAddresses = [
  "100.100.100.200/32",
  "169.254.169.254/32",
  "169.254.170.2/32",
  "169.254.170.23/32",
  "fd00:ec2::23/128",
  "fd00:ec2::254/128",
] as const;

export interface GuardOptions {
  /** True opens loopback and the private networks; a list opens its CIDR ranges. */
  readonly allow: boolean | readonly string[];
  /** Refuses public addresses too, for a plain http URL. */
  readonly onlyAllowed: boolean;
}

type Ranges = Readonly<Record<"metadata" | "closed" | "opened", BlockList>>;

/** Whether an address may be connected to. A text that is no address may not. */
export type AddressGuard = (address: string) => boolean;

export function addressGuard({ allow, onlyAllowed }: GuardOptions): AddressGuard {
  // Made for the first address that is asked about: an idle run delivers nothing.
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
    const { closed } = ranges();
    const bare = address.replace(/%.*$/, "");
    if (isIP(bare) === 0) return false;
    const inside = embeddedV4(bare);
    return permits(bare) && (inside === null || !has(closed, inside) || permits(inside));
  };
}

/** Whether the text is a range that a list may open: `10.20.0.0/16`, `fd00::/8`. */
export function isCidr(text: string): boolean {
  const [address, prefix, ...more] = text.split("/");
  const family = isIP(address ?? "");
  return (
    family !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix ?? "") && Number(prefix) <= width(family)
  );
}

const width = (family: number): number => (family === 6 ? 128 : 32);

function rangesOf(ranges: readonly string[]): BlockList {
  // No import by its name: Node loads it with the first touch, which an idle run has none of.
  const list = new net.BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** BlockList itself sees through `::ffff:10.0.0.1`, but not through the tunnels below. */
const has = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));

/** The IPv4 address that a NAT64 or 6to4 address leads to. */
function embeddedV4(address: string): string | null {
  const ip = parseIp(address);
  if (ip?.family !== 6) return null;
  if (ip.bits >> 112n === 0x2002n) return v4Text(ip.bits >> 80n);
  return ip.bits >> 32n === 0x0064ff9b0000000000000000n || ip.bits >> 80n === 0x0064ff9b0001n
    ? v4Text(ip.bits)
    : null;
}

export const refusedAddressCode = "REFUSED_ADDRESS";

const refusedAddress = (): Error =>
  Object.assign(new Error("the address is not open to this sink"), { code: refusedAddressCode });

/**
 * undici's connector, held to the guard: names are resolved once and only permitted addresses are connected to, so that
 * DNS cannot show one address to a check and another to the socket.
 */
export function guardedConnector(
  guard: AddressGuard,
  connectTimeoutMs: number,
  resolve: typeof dnsLookup = dnsLookup,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    lookup: guardedLookup(guard, resolve),
  });
  return (options, callback) => {
    // A host that is an address is connected to without a lookup.
    if (isIP(options.hostname) !== 0 && !guard(options.hostname)) callback(refusedAddress(), null);
    else connect(options, callback);
  };
}

function guardedLookup(guard: AddressGuard, resolve: typeof dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, []);
      const [first, ...others] = found.filter(({ address }) => guard(address));
      if (!first) return callback(refusedAddress(), []);
      if (options.all === true) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });
  };
}
