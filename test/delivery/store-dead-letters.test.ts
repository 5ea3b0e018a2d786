import { describe, expect, it } from "vitest";
import { StoreError } from "../../lib/core/errors.ts";
import { storeDeadLetters } from "../../lib/delivery/store-dead-letters.ts";
import type { Dispatched } from "../../lib/delivery/stream-delivery.ts";
import { type DeliveryOutcome, deliveryEntry } from "../../lib/journal/entry.ts";
import { memoryDeadLetters } from "../../lib/stores/memory.ts";
import { ops } from "../checkpoint/sample.ts";
import { letter } from "../contract/dead-letter-store.ts";

const receipt = (sequence: number) => ({ sequence, sink: ops, pending: null });
const told = (outcome: DeliveryOutcome) =>
  deliveryEntry({ ...letter(2), atMs: 0, attempt: 1, outcome, failure: letter(2) });
const sent: Dispatched = {
  receipts: [receipt(1), receipt(2)],
  accepted: 1,
  deadLetters: [letter(2)],
  entries: [told("accepted"), told("dead-lettered")],
};
const failing = (error: Error) => ({ ...memoryDeadLetters(), put: () => Promise.reject(error) });

describe("burying a dispatch's dead letters", () => {
  it("stores them before anything is settled", async () => {
    const deadLetters = memoryDeadLetters();
    expect(await storeDeadLetters(sent, deadLetters)).toEqual({ sent, error: null });
    expect(await deadLetters.list({})).toEqual([letter(2)]);
  });

  it("asks the store nothing where there are none", async () => {
    const none = { ...sent, deadLetters: [] };
    expect(await storeDeadLetters(none, failing(new Error("asked")))).toEqual({ sent: none, error: null });
  });

  it("keeps owed what a store that does not answer has not taken, and settles the rest", async () => {
    const error = new StoreError("unavailable", "down");
    expect(await storeDeadLetters(sent, failing(error))).toEqual({
      sent: { receipts: [receipt(1)], accepted: 1, deadLetters: [], entries: [told("accepted")] },
      error,
    });
  });

  it("does the same for a defect of the store", async () => {
    const defect = new TypeError("a defect");
    expect(await storeDeadLetters(sent, failing(defect))).toMatchObject({
      sent: { deadLetters: [] },
      error: defect,
    });
  });
});
