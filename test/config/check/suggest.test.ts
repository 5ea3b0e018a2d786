import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { suggest } from "../../../lib/config/check/suggest.ts";

describe("suggest", () => {
  it.each([
    ["regoin", "region"],
    ["Region", "region"],
    ["rgion", "region"],
    ["projectID", "projectId"],
    ["sekurityTokn", "securityToken"],
    ["x", null],
    ["something", null],
    ["", null],
  ])("makes %j %j", (text, meant) => {
    expect(suggest(text, ["engine", "region", "projectId", "securityToken"])).toBe(meant);
  });

  it("finds a name again after one letter is lost", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(11), (name, position) => {
        const at = position % name.length;
        expect(suggest(name.slice(0, at) + name.slice(at + 1), ["0000000000000000", name])).toBe(name);
      }),
    );
  });

  it("takes no time for a name of any length", () => {
    expect(suggest("x".repeat(1_000_000), ["region"])).toBeNull();
  });
});
