import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { secretResolvers } from "../../lib/wire/secrets.ts";

const { file } = secretResolvers({ environment: {}, clock: systemClock, random: Math.random });

async function mounted(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "token"), text);
  return join(folder, "token");
}

describe("a file: reference", () => {
  it.each([
    ["a-token", "a-token"],
    ["a-token\n", "a-token"],
    ["a-token\r\n", "a-token"],
    ["-----BEGIN KEY-----\nMII\n-----END KEY-----\n", "-----BEGIN KEY-----\nMII\n-----END KEY-----"],
  ])("gives the text of %j without the line break at its end", async (text, secret) => {
    expect(await file?.(`file:${await mounted(text)}`)).toBe(secret);
  });

  it("is read again each time, so that a rotated secret is seen", async () => {
    const path = await mounted("old");
    await file?.(`file:${path}`);
    await writeFile(path, "new");
    expect(await file?.(`file:${path}`)).toBe("new");
  });

  it("rejects with the system's own code for a file that is not there", async () => {
    await expect(file?.("file:/nowhere/at/all")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("rejects a path that depends on the working folder", async () => {
    await expect(file?.("file:token")).rejects.toMatchObject({ code: "NO_ABSOLUTE_PATH" });
  });
});
