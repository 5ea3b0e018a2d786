import type { LookupAddress } from "node:dns";
import fc from "fast-check";
import { Agent, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { addressGuard, isCidr } from "../../lib/net/address-guard.ts";
import { guardedConnector } from "../../lib/net/guarded-connector.ts";
import { serve } from "../harness/http.ts";

const strict = addressGuard({ allow: false, onlyAllowed: false });
const open = addressGuard({ allow: true, onlyAllowed: false });

const privateAddresses = [
  "10.0.0.1",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.255",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "::1",
  "fd12::1",
];
const specialAddresses = [
  "0.0.0.0",
  "0.1.2.3",
  "169.254.1.1",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "64:ff9b::808:808",
  "64:ff9b:1::1",
  "2002:808:808::1",
  "2001::1",
  "2001:db8::1",
  "3fff::1",
  "100::1",
  "5f00::1",
];
const metadataAddresses = [
  "169.254.169.254",
  "100.100.100.200",
  "fd00:ec2::254",
  "fd00:ec2:0:0:0:0:0:254",
  "FD00:EC2::23",
  "169.254.170.2",
  "169.254.170.23",
  "168.63.129.16",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:c1::169.254.169.254",
  "fd00:42::42",
  "fe80::a9fe:a9fe",
  "fe80::a9fe:a9fe%eth0",
  "192.0.0.192",
  "169.254.0.23",
];
/** Each IPv4 metadata address in each spelling of IPv6 that a network may lead there. */
const hidden = metadataAddresses
  .filter((address) => !address.includes(":"))
  .flatMap((address) => {
    const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
    const [high, low] = [(a << 8) | b, (c << 8) | d].map((part) => part.toString(16));
    const inverted = [~((a << 8) | b) & 0xffff, ~((c << 8) | d) & 0xffff].map((part) => part.toString(16));
    return [
      `::ffff:${address}`,
      `::ffff:${high}:${low}`,
      `::${address}`,
      `64:ff9b::${address}`,
      `64:ff9b:1::${address}`,
      `64:ff9b:1:${high}:${((c << 8) >> 8).toString(16)}:${(d << 8).toString(16)}::`,
      `2002:${high}:${low}::1`,
      `2001:0:1:2:3:4:${inverted.join(":")}`,
    ];
  });
const publicAddresses = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111"];

describe("the address guard", () => {
  it.each(publicAddresses)("lets %s pass", (address) => {
    expect(strict(address)).toBe(true);
    expect(open(address)).toBe(true);
  });

  it.each(privateAddresses)("lets %s pass only with private networks open", (address) => {
    expect(strict(address)).toBe(false);
    expect(open(address)).toBe(true);
  });

  it.each(specialAddresses)("refuses %s even with private networks open", (address) => {
    expect(strict(address)).toBe(false);
    expect(open(address)).toBe(false);
  });

  it.each([...metadataAddresses, ...hidden])(
    "refuses the metadata address %s whatever is open",
    (address) => {
      const everything = addressGuard({ allow: ["0.0.0.0/0", "::/0"], onlyAllowed: false });
      expect([strict, open, everything].map((guard) => guard(address))).toEqual([false, false, false]);
    },
  );

  it("opens the listed ranges and no others", () => {
    const guard = addressGuard({ allow: ["10.20.0.0/16", "fd00:1::/32"], onlyAllowed: false });
    expect(["10.20.1.1", "fd00:1::1", "8.8.8.8"].every(guard)).toBe(true);
    expect(["10.21.0.1", "127.0.0.1", "fd00:2::1"].some(guard)).toBe(false);
  });

  it("refuses public addresses where only the opened ones count", () => {
    const guard = addressGuard({ allow: true, onlyAllowed: true });
    expect(guard("127.0.0.1")).toBe(true);
    expect(publicAddresses.some(guard)).toBe(false);
  });

  it.each(["", "localhost", "127.1", "0x7f.0.0.1", "[::1]", "1.1.1.1 "])(
    "refuses %j, which is no address",
    (text) => {
      expect(open(text)).toBe(false);
    },
  );

  const hex = (address: string): string =>
    address
      .split(".")
      .map((part) => Number(part).toString(16).padStart(2, "0"))
      .join("")
      .replace(/^(....)(....)$/, "$1:$2");

  it("judges an IPv4 address inside IPv6 as it judges the address itself", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.constantFrom(...privateAddresses.slice(0, 7))), (address) => {
        for (const guard of [strict, open]) {
          expect(guard(`::ffff:${address}`)).toBe(guard(address));
          expect(guard(`::ffff:${hex(address)}`)).toBe(guard(address));
        }
      }),
    );
  });

  it("opens no tunnel to an address that is closed", () => {
    const guard = addressGuard({
      allow: ["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"],
      onlyAllowed: false,
    });
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(guard(`64:ff9b::${address}`)).toBe(strict(address));
        expect(guard(`64:ff9b:1::${address}`)).toBe(strict(address));
        expect(guard(`2002:${hex(address)}::1`)).toBe(strict(address));
      }),
    );
  });

  it("never opens more by refusing private networks", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        if (strict(address)) expect(open(address)).toBe(true);
      }),
    );
  });
});

describe("a range", () => {
  it.each(["10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::1/128"])("may be %s", (text) => {
    expect(isCidr(text)).toBe(true);
  });
  it.each([
    "10.0.0.0",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "host/8",
    "1.1.1.1/-1",
  ])("may not be %s", (text) => {
    expect(isCidr(text)).toBe(false);
  });
});

describe("a guarded connection", () => {
  /** Answers each name as told, and counts the questions. */
  const resolver = (...addresses: readonly string[]) => {
    const asked: string[] = [];
    const resolve = (name: string, _: unknown, done: (error: null, found: LookupAddress[]) => void): void => {
      asked.push(name);
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
    return { asked, resolve: resolve as unknown as NonNullable<Parameters<typeof guardedConnector>[2]> };
  };

  async function server(): Promise<{ readonly port: number; readonly reached: () => number }> {
    const { origin, seen } = await serve({});
    return { port: Number(new URL(origin).port), reached: () => seen.length };
  }

  const get = async (
    url: string,
    allow: boolean | readonly string[],
    resolve?: ReturnType<typeof resolver>["resolve"],
  ) => {
    const guard = addressGuard({ allow, onlyAllowed: false });
    const dispatcher = new Agent({ connect: guardedConnector(guard, { timeout: 1_000 }, resolve) });
    onTestFinished(() => dispatcher.close());
    const { statusCode, body } = await request(url, { dispatcher });
    await body.dump();
    return statusCode;
  };

  it("is made to the address that was checked, asked for once", async () => {
    const { port, reached } = await server();
    const { asked, resolve } = resolver("127.0.0.1");
    expect(await get(`http://rebinding.test:${port}/`, true, resolve)).toBe(200);
    expect(asked).toEqual(["rebinding.test"]);
    expect(reached()).toBe(1);
  });

  it("is not made when a name leads to a closed address", async () => {
    const { port, reached } = await server();
    const { resolve } = resolver("127.0.0.1", "::1");
    await expect(get(`http://inside.test:${port}/`, false, resolve)).rejects.toMatchObject({
      code: "REFUSED_ADDRESS",
    });
    expect(reached()).toBe(0);
  });

  it("passes over the closed addresses of a name", async () => {
    const { port } = await server();
    const { resolve } = resolver("169.254.169.254", "10.9.9.9", "127.0.0.1");
    expect(await get(`http://mixed.test:${port}/`, ["127.0.0.0/8"], resolve)).toBe(200);
  });

  it.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "１２７.0.0.1"])(
    "is not made to the host %s",
    async (host) => {
      const { port, reached } = await server();
      await expect(get(`http://${host}:${port}/`, false)).rejects.toMatchObject({ code: "REFUSED_ADDRESS" });
      expect(reached()).toBe(0);
    },
  );

  it.each(["localhost", "localhost."])("is not made to the name %s", async (host) => {
    const { port, reached } = await server();
    await expect(get(`http://${host}:${port}/`, false)).rejects.toMatchObject({
      code: expect.stringMatching(/^(REFUSED_ADDRESS|ENOTFOUND|EAI_AGAIN)$/),
    });
    expect(reached()).toBe(0);
  });
});
