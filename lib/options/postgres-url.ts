import * as v from "valibot";

const sslmodes = ["disable", "require", "verify-ca", "verify-full"] as const;

/** libpq's names: no TLS, TLS with any server, a certificate that `ca` signed, a certificate for this host name. */
export type SslMode = (typeof sslmodes)[number];

/** A PostgreSQL server's address and login. */
export interface PostgresAddress {
  /** Without an IPv6 address's brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslmode: SslMode;
}

const expected = "a URL such as postgres://user:password@host:5432/database";
const expectedQuery = `no parameter but sslmode, which is ${sslmodes.slice(0, -1).join(", ")} or verify-full`;

/** Parses a PostgreSQL URL. Without `sslmode` it means TLS with a verified host name. */
export const postgresUrl = v.pipe(
  v.string(expected),
  v.trim(),
  v.check((text) => addressIn(text) !== null, expected),
  v.check((text) => sslmodeIn(text) !== null, expectedQuery),
  v.transform((text): PostgresAddress => {
    const address = addressIn(text);
    const sslmode = sslmodeIn(text);
    if (!address || !sslmode) throw new TypeError(expected);
    return { ...address, sslmode };
  }),
);

function addressIn(text: string): Omit<PostgresAddress, "sslmode"> | null {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hash !== "") return null;
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  const host = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(url.hostname) && url.port !== "0";
  if (!host || !user || password === undefined || !database) return null;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || "5432"),
    user,
    password: password || undefined,
    database,
  };
}

/** Null for any other parameter: ignoring one silently could drop a security setting. */
function sslmodeIn(text: string): SslMode | null {
  const [first = ["sslmode", "verify-full"], ...others] = URL.parse(text)?.searchParams ?? [];
  const [name, value] = first;
  if (name !== "sslmode" || others.length > 0) return null;
  return sslmodes.find((mode) => mode === value) ?? null;
}

/** Undefined for invalid percent-encoding, and for NUL, which a server reads as the end. */
function decoded(part: string): string | undefined {
  try {
    const text = decodeURIComponent(part);
    return text.includes("\0") ? undefined : text;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const schemaExpectation =
  "a schema's name of at most 63 letters, digits and _, which begins with a letter or _, not with pg_, and is not information_schema";

/** Schema name for the bridge's own tables. Case is kept. */
export const schemaName = v.pipe(
  v.string(schemaExpectation),
  v.regex(/^(?!pg_|information_schema$)[a-z_]\w{0,62}$/i, schemaExpectation),
);

const pemExpectation = "certificates in PEM";

/** Schema of PEM certificates. */
export const certificates = v.pipe(
  v.string(pemExpectation),
  v.regex(/-----BEGIN CERTIFICATE-----/, pemExpectation),
);
