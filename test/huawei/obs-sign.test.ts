import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signObs } from "../../lib/huawei/obs-sign.ts";

const nowMs = Date.parse("2015-10-12T08:12:38Z");
const key = { ak: "UDSIAMSTUBTEST000254", sk: "UDSIAMSTUBTEST000254" };
const signatureOf = (text: string) => createHmac("sha1", key.sk).update(text).digest("base64");

describe("OBS's signature", () => {
  it("covers method, type, date and the bucket's resource", () => {
    const request = {
      method: "PUT",
      resource: "/bucket/a%20b",
      subresources: [],
      headers: { host: "h", "content-type": "text/plain" },
    };
    expect(signObs(request, key, nowMs)).toEqual({
      date: "Mon, 12 Oct 2015 08:12:38 GMT",
      authorization: `OBS ${key.ak}:${signatureOf("PUT\n\ntext/plain\nMon, 12 Oct 2015 08:12:38 GMT\n/bucket/a%20b")}`,
    });
  });

  it("covers OBS's own headers by name, a token among them, and subresources, with their values where they have some", () => {
    const request = {
      method: "POST",
      resource: "/bucket/a",
      subresources: [
        ["append", ""],
        ["position", "0"],
      ] as const,
      headers: { "x-obs-meta-b": "2", "x-obs-acl": " private ", "content-md5": "md5" },
    };
    const signed = signObs(request, { ...key, securityToken: "token" }, nowMs);
    expect(signed["x-obs-security-token"]).toBe("token");
    expect(signed["authorization"]).toBe(
      `OBS ${key.ak}:${signatureOf(
        "POST\nmd5\n\nMon, 12 Oct 2015 08:12:38 GMT\nx-obs-acl:private\nx-obs-meta-b:2\nx-obs-security-token:token\n/bucket/a?append&position=0",
      )}`,
    );
  });
});
