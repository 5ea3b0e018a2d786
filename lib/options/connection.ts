import crypto from "node:crypto";
import * as v from "valibot";
import { described } from "./fields.ts";

const proxyExpectation = "the http or https URL of a proxy such as http://user:password@proxy:3128, or false";

/** Connection options of a source or sink over HTTP. */
export const proxy = v.optional(
  described(
    v.union(
      [v.literal(false), v.pipe(v.string(), v.trim(), v.check(isProxyUrl, proxyExpectation))],
      proxyExpectation,
    ),
    "Proxy URL, such as `http://user:password@proxy:3128`, in place of HTTPS_PROXY, HTTP_PROXY and NO_PROXY; `false` for none.",
  ),
);

function isProxyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || /\s/.test(text)) return false;
  return url.pathname === "/" && url.search === "" && url.hash === "";
}

const caExpectation = "certificates in PEM";
const certExpectation = "a certificate in PEM";
const keyExpectation = "an unencrypted private key in PEM";
const pairExpectation = "cert and key together, the key being that of the certificate";

/** TLS options with certificates as PEM text, usually from a `file:` reference. */
export const tls = v.optional(
  described(
    v.pipe(
      v.strictObject({
        ca: v.optional(
          described(
            v.pipe(v.string(caExpectation), v.check(areCertificates, caExpectation)),
            "Authorities to trust in place of Node's own: PEM, or `file:/path`.",
          ),
        ),
        cert: v.optional(
          described(
            v.pipe(v.string(certExpectation), v.check(areCertificates, certExpectation)),
            "Client certificate (mTLS) with its intermediate certificates: PEM, or `file:/path`.",
          ),
        ),
        key: v.optional(
          described(
            v.pipe(v.string(keyExpectation), v.check(isPrivateKey, keyExpectation)),
            "Private key of `cert`: PEM, or `file:/path`.",
          ),
        ),
      }),
      v.check(({ cert, key }) => isPair(cert, key), pairExpectation),
    ),
    "Certificates for its TLS.",
  ),
);

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function areCertificates(pem: string): boolean {
  const blocks = pem.match(block) ?? [];
  return blocks.length > 0 && blocks.every((each) => succeeds(() => new crypto.X509Certificate(each)));
}

function isPrivateKey(pem: string): boolean {
  return succeeds(() => crypto.createPrivateKey(pem));
}

function isPair(cert: string | undefined, key: string | undefined): boolean {
  if (cert === undefined || key === undefined) return cert === key;
  // An invalid certificate has an issue of its own.
  if (!areCertificates(cert) || !isPrivateKey(key)) return true;
  return new crypto.X509Certificate(cert).checkPrivateKey(crypto.createPrivateKey(key));
}

/** OpenSSL has several codes for text that is not a certificate. */
function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}
