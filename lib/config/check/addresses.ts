import { isIP } from "node:net";
import type { ConfigIssue } from "../../core/errors.ts";
import { addressGuard } from "../../net/address-guard.ts";
import { fieldsOf } from "../../text/json.ts";
import { fieldName, type Path } from "../path.ts";

/** A sink's URL with an address that its connections refuse. Names are looked up by each connection, not here. */
export function addressIssues(options: unknown, path: Path): readonly ConfigIssue[] {
  const { url, allowPrivateNetwork } = fieldsOf(options);
  if (typeof url !== "string" || allowPrivateNetwork === undefined) return [];
  const { protocol, hostname = "" } = URL.parse(url) ?? {};
  const address = /(?:^|\.)localhost\.?$/.test(hostname) ? "127.0.0.1" : hostname.replace(/^\[|\]$/g, "");
  if (isIP(address) === 0) return [];
  const allow = allowPrivateNetwork as boolean | readonly string[];
  if (addressGuard({ allow, onlyAllowed: protocol === "http:" })(address)) return [];
  const expected = "a public address, or one that allowPrivateNetwork opens";
  return [
    { field: fieldName([...path, "url"]), expected, found: "an address that is not open to this sink" },
  ];
}
