import * as v from "valibot";
import { described, filledText } from "../../options/fields.ts";

/** A broker's address and login. */
export interface BrokerAddress {
  /** Without an IPv6 address's brackets. */
  readonly host: string;
  /** Undefined for the protocol's default port. */
  readonly port: number | undefined;
  readonly isTls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The URL's path, decoded, without the leading slash. */
  readonly path: string;
  /** Scheme, host and port, safe to show to the operator. */
  readonly origin: string;
}

/** Schema of a broker's URL in one of two schemes; the second uses TLS. */
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

/** Login options beside the URL, for users who keep the secret apart from it. */
export const loginEntries = {
  user: described(v.optional(filledText("a user's name")), "User, instead of the URL's."),
  password: described(v.optional(filledText("a password")), "Password, instead of the URL's."),
};

/** Whether the URL's scheme uses TLS. */
export const isTlsUrl = (url: string): boolean => /^(amqps|rediss):/i.test(url);

/** Options with a broker's URL and login. */
export interface BrokerLogin {
  /** A URL that its schema has accepted. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Splits a checked URL into address and login; separate login options override those in the URL. */
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
