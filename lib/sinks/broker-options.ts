import * as v from "valibot";
import { attemptTimeout, described } from "../config/fields.ts";

const pem = (what: string) => {
  const expected = `${what} in PEM`;
  return v.pipe(v.string(expected), v.regex(/-----BEGIN [A-Z ]+-----/, expected));
};

const tlsFields = v.strictObject(
  {
    ca: v.optional(
      described(pem("certificates"), "Authorities to trust instead of the system's, in PEM; not a path."),
    ),
    cert: v.optional(described(pem("a certificate"), "The client's certificate, where the server asks.")),
    key: v.optional(described(pem("a private key"), "The client's private key.")),
  },
  "an object of TLS options",
);

/** Fields of a TLS connection, for Node's `tls.connect`. */
export const tls = (description: string) => v.optional(described(tlsFields, description));

export type TlsOptions = v.InferOutput<typeof tlsFields>;

/** Node takes a missing option for its default, but not always one that is there and undefined. */
export const tlsSettings = ({ ca, cert, key }: TlsOptions) => ({
  ...(ca !== undefined && { ca }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
});

export const brokerTimeout = described(
  v.optional(attemptTimeout, "10s"),
  "For one attempt, from connecting to the last confirmation.",
);

/** `host:port`, the host a name or an address. */
export const hostAndPort = (example: string) => {
  const expected = `a server such as ${example}`;
  return v.pipe(v.string(expected), v.regex(/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i, expected));
};
