import { describe, expect, it } from "vitest";
import { age, count, instant, span, timeOfDay } from "../../../lib/cli/screen/format.ts";

describe("format", () => {
  it("gives an age in its largest unit", () => {
    expect([400, 1_000, 59_999, 60_000, 7_200_000, 259_200_000].map(age)).toEqual([
      "now",
      "1 s",
      "59 s",
      "1 m",
      "2 h",
      "3 d",
    ]);
  });

  it("calls an instant that lies ahead now", () => {
    expect(age(-5_000)).toBe("now");
  });

  it("gives a span as exactly as a reader needs it", () => {
    expect([0.4, 412, 1_240, 185_000].map(span)).toEqual(["0 ms", "412 ms", "1.2 s", "3 m 5 s"]);
  });

  it("gives instants in UTC, to the second", () => {
    expect(instant(Date.UTC(2026, 2, 1, 12, 0, 5, 999))).toBe("2026-03-01 12:00:05Z");
    expect(timeOfDay(Date.UTC(2026, 2, 1, 12, 0, 5))).toBe("12:00:05Z");
  });

  it("counts in the singular and the plural", () => {
    expect([count(1, "change"), count(2_000, "change"), count(0, "delivery", "deliveries")]).toEqual([
      "1 change",
      "2,000 changes",
      "0 deliveries",
    ]);
  });
});
