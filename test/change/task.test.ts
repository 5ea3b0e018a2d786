import { describe, expect, it } from "vitest";
import { isFinal, isKnownStatus } from "../../lib/change/task.ts";

describe("a status", () => {
  it.each(["SUCCESS", "FAILED", "CANCELLED", "DELETED"])("%s is known and final", (status) => {
    expect([isKnownStatus(status), isFinal(status)]).toEqual([true, true]);
  });

  it.each(["CREATED", "EXECUTING"])("%s is known and open", (status) => {
    expect([isKnownStatus(status), isFinal(status)]).toEqual([true, false]);
  });

  it.each(["PAUSED", "", "success", "toString"])("%j is unknown, and counts as open", (status) => {
    expect([isKnownStatus(status), isFinal(status)]).toEqual([false, false]);
  });
});
