import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { hadolint } from "../services/programs.ts";

it("deploy/Containerfile passes hadolint", () => {
  expect(execFileSync(hadolint, ["deploy/Containerfile"], { encoding: "utf8" })).toBe("");
});
