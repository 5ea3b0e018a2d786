import * as v from "valibot";
import { described, filledText } from "../../options/fields.ts";

/** Where a broker is and who signs in. */
export interface BrokerAddress {
  /** Without an IPv6 address's brackets. */
  readonly host: string;
  /** The service's usual one where undefined. */
  readonly port: number | undefined;
  readonly isTls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** What follows the host, decoded, without its slash. */
  readonly path: string;
  /** What the operator may see of it: scheme, host and port. */
  readonly origin: string;
}

/** A broker's URL in one of these two schemes, the second with TLS. */
export const brokerUrl = (schemes: readonly [plain: string, tls: string], description: string) => {
  const expectation = `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}, without query or fragment`;
  return described(
    v.pipe(
      v.string(expectation),
      v.check((text) => isBrokerUrl(text, schemes), expectation),
    ),
    description,
  );
};

function isBrokerUrl(text: string, schemes: readonly string[]): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || url.search !== "" || url.hash !== "") return false;
  if (!schemes.includes(url.protocol.slice(0, -1))) return false;
  return [url.username, url.password, url.pathname].every(isDecodable);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** Beside a URL, for those who keep the secret apart from it. */
export const loginEntries = {
  user: described(v.optional(filledText("a user's name")), "User, instead of the URL's."),
  password: described(v.optional(filledText("a password")), "Password, instead of the URL's."),
};

/** By the two of the schemes that say so. */
export const isTlsUrl = (url: string): boolean => /^(amqps|rediss):/i.test(url);

export interface BrokerLogin {
  /** One that its schema has accepted. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export function brokerAddress({ url, user, password }: BrokerLogin): BrokerAddress {
  const parsed = new URL(url);
  const decoded = (text: string) => decodeURIComponent(text) || undefined;
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: parsed.port === "" ? undefined : Number(parsed.port),
    isTls: isTlsUrl(url),
    user: user ?? decoded(parsed.username),
    password: password ?? decoded(parsed.password),
    path: decodeURIComponent(parsed.pathname.slice(1)),
    origin: `${parsed.protocol}//${parsed.host}`,
  };
}
