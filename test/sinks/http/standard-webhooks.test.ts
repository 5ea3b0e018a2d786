import { createPublicKey, verify } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  parseSigningKey,
  type SigningKey,
  signatureHeader,
} from "../../../lib/sinks/http/standard-webhooks.ts";
import fixture from "../../fixtures/sink-signing-vectors.json" with { type: "json" };

const { vectors, ed25519 } = fixture.standardWebhooks;

function keyOf(secret: string): SigningKey {
  const key = parseSigningKey(secret);
  if (!key) throw new Error("expected a key");
  return key;
}

describe("a signature", () => {
  it.each(vectors)("is the vector's: $name", ({ secrets, id, timestamp, body, headers }) => {
    const keys = secrets.map(keyOf);
    expect(signatureHeader(keys, { id, timestampSeconds: timestamp, body })).toBe(
      headers["webhook-signature"],
    );
  });

  const whsk = `whsk_${ed25519.privateKeySeedBase64}`;
  const { id, timestamp: timestampSeconds, body } = ed25519;

  it("is the vector's: ed25519", () => {
    const signature = signatureHeader([keyOf(whsk)], { id, timestampSeconds, body });
    expect(signature).toBe(ed25519.headers["webhook-signature"]);
    const spki = Buffer.concat([
      Buffer.from("302a300506032b6570032100", "hex"),
      Buffer.from(ed25519.publicKeyBase64, "base64"),
    ]);
    const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
    const content = Buffer.from(`${id}.${timestampSeconds}.${body}`);
    expect(verify(null, content, publicKey, Buffer.from(signature.slice(4), "base64"))).toBe(true);
  });

  it("is the same for a whsk_ secret of seed and public key", () => {
    const pair = Buffer.concat(
      [ed25519.privateKeySeedBase64, ed25519.publicKeyBase64].map((text) => Buffer.from(text, "base64")),
    );
    const key = keyOf(`whsk_${pair.toString("base64")}`);
    const signature = signatureHeader([key], { id, timestampSeconds, body });
    expect(signature).toBe(ed25519.headers["webhook-signature"]);
  });

  it("comes once for each key, in their order", () => {
    const keys = [keyOf(whsk), ...(vectors[0]?.secrets ?? []).map(keyOf)];
    const schemes = signatureHeader(keys, { id, timestampSeconds, body })
      .split(" ")
      .map((text) => text.split(",")[0]);
    expect(schemes).toEqual(["v1a", "v1"]);
  });

  it("passes the reference library for any secret, id and body", () => {
    const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
    fc.assert(
      fc.property(
        bytes,
        fc.stringMatching(/^[\w/-]{1,80}$/),
        fc.string({ unit: "grapheme" }),
        (key, id, body) => {
          const secret = `whsec_${Buffer.from(key).toString("base64")}`;
          const timestampSeconds = Math.floor(Date.now() / 1_000);
          const headers = {
            "webhook-id": id,
            "webhook-timestamp": String(timestampSeconds),
            "webhook-signature": signatureHeader([keyOf(secret)], { id, timestampSeconds, body }),
          };
          expect(() => new Webhook(secret).verify(body, headers, { jsonParse: false })).not.toThrow();
        },
      ),
    );
  });
});

describe("a secret", () => {
  const base64 = (length: number): string => Buffer.alloc(length, 7).toString("base64");

  it.each([24, 32, 64])("may hold %i bytes", (length) => {
    expect(parseSigningKey(`whsec_${base64(length)}`)?.scheme).toBe("v1");
  });

  it("may lack its padding", () => {
    expect(parseSigningKey(`whsec_${base64(32).replace("=", "")}`)?.scheme).toBe("v1");
  });

  it.each([
    ["empty", ""],
    ["a prefix alone", "whsec_"],
    ["without prefix", base64(32)],
    ["of 23 bytes", `whsec_${base64(23)}`],
    ["of 65 bytes", `whsec_${base64(65)}`],
    ["URL-safe base64", `whsec_${"_-".repeat(22)}`],
    ["a public key", `whpk_${base64(32)}`],
    ["an Ed25519 key of 33 bytes", `whsk_${base64(33)}`],
    ["an Ed25519 seed with another's public key", `whsk_${base64(64)}`],
    ["with a line break", `whsec_${base64(32)}\n`],
    ["with a bit too many", `whsec_${base64(32).slice(0, 42)}d=`],
  ])("is refused: %s", (_, secret) => {
    expect(parseSigningKey(secret)).toBeNull();
  });

  it("does not show when its key is printed", () => {
    const key = keyOf(`whsec_${base64(32)}`);
    const printed = inspect(key, { depth: 9 }) + JSON.stringify(key);
    for (const form of [base64(32), "07 07", "0707"]) expect(printed).not.toContain(form);
  });
});
