import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { cliLog } from "../../../lib/cli/screen/log.ts";
import { jsonLog } from "../../../lib/telemetry/log.ts";
import { fakeScreen } from "../../harness/screen.ts";
import { isUnpolluted, longForm, nastyText, numRuns } from "./values.ts";

afterEach(() => expect(isUnpolluted()).toBe(true));

const ownColours = [2, 22, 33, 39].map((code) => `\u001b[${code}m`);

describe("a line of the log", longForm, () => {
  const value = fc.oneof(nastyText, fc.double(), fc.boolean(), fc.constant(null));
  const fields = fc.dictionary(fc.constantFrom("task", "instance", "reason", "doubt"), value);

  it("for machines is one line of JSON with nothing but its fields, whatever they hold", () => {
    fc.assert(
      fc.property(fields, (given) => {
        const lines: string[] = [];
        jsonLog(
          (line) => lines.push(line),
          "debug",
          () => 0,
        )("warn", "a task was skipped", given);
        const [line = "", ...more] = lines;
        expect([more, line.slice(0, -1)]).toEqual([
          [],
          expect.not.stringMatching(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u),
        ]);
        const read: unknown = JSON.parse(line);
        const expected: unknown = JSON.parse(JSON.stringify(given));
        expect(read).toEqual({
          time: "1970-01-01T00:00:00.000Z",
          level: "warn",
          message: "a task was skipped",
          ...Object(expected),
        });
      }),
      { numRuns },
    );
  });

  it("keeps its own time, level and sentence, whatever its fields are named", () => {
    const names = ["time", "level", "message", "task", "__proto__"] as const;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), nastyText), (given) => {
        const lines: string[] = [];
        jsonLog(
          (line) => lines.push(line),
          "debug",
          () => 0,
        )("error", "a message was abandoned", Object(given));
        const read = new Map(Object.entries(JSON.parse(lines.join(""))));
        const line = { time: "1970-01-01T00:00:00.000Z", level: "error", message: "a message was abandoned" };
        for (const [key, value] of Object.entries(line)) expect(read.get(key)).toBe(value);
        for (const [key, value] of Object.entries(given)) {
          const shown = Object.hasOwn(line, key) ? `field.${key}` : key;
          expect(read.get(shown)).toBe(value.toWellFormed() === value ? value : read.get(shown));
        }
      }),
      { numRuns },
    );
  });

  it("for people is one line without a control character but its own colours, whatever they hold", () => {
    fc.assert(
      fc.property(fields, (given) => {
        const shown = fakeScreen({ isTTY: true });
        cliLog(shown.screen.err, "debug", () => 0)("warn", "a task was skipped", given);
        const plain = ownColours.reduce((text, colour) => text.replaceAll(colour, ""), shown.err());
        expect(plain).toMatch(/^[^\n]*a task was skipped[^\n]*\n$/);
        expect(plain.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      { numRuns },
    );
  });
});
