import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { brokerAddress, brokerUrl } from "../../../lib/sinks/brokers/address.ts";

const schema = brokerUrl(["amqp", "amqps"], "");

describe("a broker's URL", () => {
  it.each([
    "amqp://localhost",
    "amqps://user:pass@mq.example.com:5671/vhost",
    "amqp://[::1]:5672/%2F",
    "amqp://user@10.0.0.1",
  ])("may be %s", (url) => expect(v.is(schema, url)).toBe(true));

  it.each([
    "",
    "localhost:5672",
    "http://localhost",
    "amqp://",
    "amqp:///vhost",
    "amqp://localhost?heartbeat=0",
    "amqp://localhost#x",
    "amqp://u:%zz@localhost",
    "amqp://localhost:99999",
  ])("is never %j", (url) => expect(v.is(schema, url)).toBe(false));

  it("gives host, port, TLS, user, password and path, decoded", () => {
    expect(brokerAddress({ url: "amqps://a%40b:p%2Fw@mq.example.com:5999/v%2Fh" })).toEqual({
      host: "mq.example.com",
      port: 5_999,
      isTls: true,
      user: "a@b",
      password: "p/w",
      path: "v/h",
      origin: "amqps://mq.example.com:5999",
    });
  });

  it("gives an IPv6 address without brackets, and nothing for what it leaves out", () => {
    expect(brokerAddress({ url: "redis://[::1]" })).toEqual({
      host: "::1",
      port: undefined,
      isTls: false,
      user: undefined,
      password: undefined,
      path: "",
      origin: "redis://[::1]",
    });
  });

  it("yields to the fields beside it", () => {
    const fields = { user: "bridge", password: "secret" };
    expect(brokerAddress({ url: "amqp://u:p@h", ...fields })).toMatchObject(fields);
  });

  it("brings back every user, password and path, and shows none of them", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    // A path of one or two dots is none, by the rules of URLs.
    const path = text.filter((part) => !/^\.\.?$/.test(part));
    fc.assert(
      fc.property(text, text, path, (user, password, path) => {
        const url = `amqp://${[user, password].map(encodeURIComponent).join(":")}@h:1/${encodeURIComponent(path)}`;
        expect(v.is(schema, url)).toBe(true);
        expect(brokerAddress({ url })).toMatchObject({ user, password, path, origin: "amqp://h:1" });
      }),
    );
  });
});
