import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
} from "node:crypto";

/** A parsed signing secret. A KeyObject does not print its bytes. */
export interface SigningKey {
  readonly scheme: "v1" | "v1a";
  readonly key: KeyObject;
}

/** The signed parts of a delivery. */
export interface Signable {
  readonly id: string;
  /** Time of the attempt, Unix seconds. */
  readonly timestampSeconds: number;
  /** The body exactly as sent. */
  readonly body: string;
}

/** Describes a valid signing secret. */
export const secretExpectation =
  "whsec_ with 24 to 64 bytes in base64, or whsk_ with an Ed25519 private key in base64";

/** Reads `whsec_…` (HMAC-SHA256) or `whsk_…` (Ed25519: the seed, or the seed and its public key); null for anything else. */
export function parseSigningKey(secret: string): SigningKey | null {
  const [, prefix, encoded] = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (!encoded) return null;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== encoded.replace(/=+$/, "")) return null;
  return prefix === "whsk" ? ed25519Key(bytes) : hmacKey(bytes);
}

const hmacKey = (bytes: Buffer): SigningKey | null =>
  bytes.length >= 24 && bytes.length <= 64 ? { scheme: "v1", key: createSecretKey(bytes) } : null;

// Fixed PKCS #8 prefix of an Ed25519 seed (RFC 8410).
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const seedBytes = 32;

function ed25519Key(bytes: Buffer): SigningKey | null {
  if (bytes.length !== seedBytes && bytes.length !== 2 * seedBytes) return null;
  const der = Buffer.concat([pkcs8Prefix, bytes.subarray(0, seedBytes)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const stated = bytes.subarray(seedBytes);
  const derived = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-seedBytes);
  return stated.length === 0 || stated.equals(derived) ? { scheme: "v1a", key } : null;
}

/** The secret forms that the receiver also knows and could quote: the bytes of an HMAC key as configured. */
export const sharedSecrets = (keys: readonly SigningKey[]): readonly string[] =>
  keys.flatMap(({ key }) => (key.type === "secret" ? [key.export().toString("base64")] : []));

/** The `webhook-signature` header: one signature per key, in the keys' order, so the newest secret comes first. */
export function signatureHeader(
  keys: readonly SigningKey[],
  { id, timestampSeconds, body }: Signable,
): string {
  const content = Buffer.from(`${id}.${timestampSeconds}.${body}`);
  return keys.map(({ scheme, key }) => `${scheme},${signatureOf(scheme, key, content)}`).join(" ");
}

const signatureOf = (scheme: SigningKey["scheme"], key: KeyObject, content: Buffer): string =>
  scheme === "v1a"
    ? sign(null, content, key).toString("base64")
    : createHmac("sha256", key).update(content).digest("base64");
