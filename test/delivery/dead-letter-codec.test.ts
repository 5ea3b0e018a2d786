import fc from "fast-check";
import { expect, it } from "vitest";
import { StoreError } from "../../lib/core/errors.ts";
import { decodeDeadLetter, encodeDeadLetter } from "../../lib/delivery/dead-letters.ts";
import { letter } from "../contract/dead-letter-store.ts";

it("reads a stored dead letter back", () => {
  expect(decodeDeadLetter(encodeDeadLetter(letter(1)), letter(1).id)).toEqual(letter(1));
});

it("names a stored dead letter of which a bit has flipped, and never gives it back", () => {
  const bytes = Buffer.from(encodeDeadLetter(letter(1)));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (place, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
      expect(() => decodeDeadLetter(flipped.toString("utf8"), "ops:e1")).toThrow(
        expect.objectContaining({
          reason: "corrupt",
          message: "dead letter ops:e1: it does not match its checksum",
        }),
      );
    }),
  );
});

it("refuses a dead letter that is stored in another's place, and names both", () => {
  const text = encodeDeadLetter(letter(1));
  expect(() => decodeDeadLetter(text, letter(2).id)).toThrow(
    new StoreError("corrupt", `dead letter ${letter(2).id}: it is another: ${letter(1).id}`),
  );
});
