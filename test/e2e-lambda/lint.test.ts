import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { cfnLint } from "../services/programs.ts";
import { packagedStack } from "./stack.ts";

/** What osls writes itself: a dependency said twice; and a parameter that is set to what it is compared with. */
const ignored = ["W3005", "W8003"];

describe.each(["serverless.yml", "serverless.fleet.yml"])("the template of %s", (file) => {
  it("has nothing that AWS's own linter finds fault with", { timeout: 120_000 }, () => {
    const args = ["--regions", "eu-west-1", "--ignore-checks", ...ignored, "--"];
    const input = packagedStack(file).template;
    const { status, stdout, stderr } = spawnSync(cfnLint, args, { input, encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
  });
});
