import { CommanderError } from "commander";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { program } from "../../../lib/cli/program.ts";
import { fakeScreen } from "../../harness/screen.ts";
import { isUnpolluted, longForm, nastyText, numRuns } from "./values.ts";

afterEach(() => expect(isUnpolluted()).toBe(true));

describe("the command line", longForm, () => {
  const word = fc.constantFrom(
    "poll",
    "watch",
    "tasks",
    "checkpoint",
    "reset",
    "dead-letters",
    "list",
    "sink",
    "test",
    "simulate",
    "--json",
    "--config",
    "-c",
    "--",
    "--id",
    "--help",
    "--log-level",
    "--interval",
    "--yes",
    "--no-json",
    "--json=1",
    "-vvv",
  );

  it("of any words starts one command, or ends with one error that cannot be forged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(word, nastyText), { maxLength: 6 }), async (words) => {
        const shown = fakeScreen();
        let started = 0;
        const root = program({ version: "1.0.0", screen: shown.screen, start: async () => void started++ });
        let exitCode: number | null = null;
        try {
          await root.parseAsync([...words], { from: "user" });
        } catch (error) {
          if (!(error instanceof CommanderError)) throw error;
          ({ exitCode } = error);
        }
        expect(started === 1).toBe(exitCode === null);
        expect(shown.both().replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
        if (exitCode === 1 && !shown.err().startsWith("Usage:"))
          expect(shown.err()).toMatch(/^error: .*\n(\(Did you mean .*\)\n)?$/);
      }),
      { numRuns },
    );
  });
});
