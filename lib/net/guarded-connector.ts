import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import type { AddressGuard } from "./address-guard.ts";

/** Code of the error for a connection that the guard refused. */
export const refusedAddressCode = "REFUSED_ADDRESS";

/** Creates the error for a connection that the guard refused. */
export const refusedAddress = (): Error =>
  Object.assign(new Error("the address is not open to this sink"), { code: refusedAddressCode });

/**
 * undici's connector with an address guard. Each name is resolved once and only permitted addresses are connected to,
 * so DNS cannot show one address to the check and another to the socket.
 */
export function guardedConnector(
  guard: AddressGuard,
  options: buildConnector.BuildOptions,
  resolve: typeof dnsLookup = dnsLookup,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: guardedLookup(guard, resolve) });
  return (options, callback) => {
    // A host that is an IP address is connected to without a lookup.
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
