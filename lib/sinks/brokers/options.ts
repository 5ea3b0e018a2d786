import { isIP } from "node:net";
import * as v from "valibot";
import { attemptTimeout, described } from "../../options/fields.ts";

const pem = (what: string) => {
  const expected = `${what} in PEM`;
  return v.pipe(v.string(expected), v.regex(/-----BEGIN [A-Z ]+-----/, expected));
};

const tlsFields = v.pipe(
  v.strictObject(
    {
      ca: v.optional(
        described(pem("certificates"), "Authorities to trust instead of the system's: PEM text, not a path."),
      ),
      cert: v.optional(
        described(pem("a certificate"), "Client certificate (mTLS), if the server asks for one: PEM text."),
      ),
      key: v.optional(described(pem("a private key"), "Private key of `cert`: PEM text.")),
      verifyHost: v.optional(
        described(
          v.boolean("true or false"),
          "`false` accepts a certificate for another host; it requires `ca`.",
        ),
        true,
      ),
    },
    "an object of TLS options",
  ),
  v.forward(
    v.partialCheck(
      [["ca"], ["verifyHost"]],
      ({ ca, verifyHost }) => verifyHost !== false || ca !== undefined,
      "true, or false with ca",
    ),
    ["verifyHost"],
  ),
);

/** Fields of a TLS connection, for Node's `tls.connect`. */
export const tls = (description: string) => v.optional(described(tlsFields, description));

/** Checked TLS options of a broker. */
export type BrokerTlsOptions = v.InferOutput<typeof tlsFields>;

/** Options for `tls.connect`, which in places treats an undefined option differently from a missing one. */
export const tlsSettings = ({ ca, cert, key, verifyHost }: BrokerTlsOptions) => ({
  ...(ca !== undefined && { ca }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(!verifyHost && { checkServerIdentity: () => undefined }),
});

/** Schema of a broker's time limit for one attempt. */
export const brokerTimeout = described(
  v.optional(attemptTimeout, "10s"),
  "Time limit of one attempt, from connecting to the last confirmation.",
);

/** Schema of `host:port`, where the host is a name or an address. */
export const hostAndPort = (example: string) => {
  const expected = `a server such as ${example}`;
  return v.pipe(v.string(expected), v.regex(/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i, expected));
};

/** The IP address in `host:port`; null when the host is a name. */
export function addressIn(server: string): string | null {
  const host = server.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? null : host;
}

/** Origin of a broker with several servers, short enough for a message. */
export const originOf = (kind: string, [first, ...others]: readonly string[]): string =>
  `${kind} ${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;
