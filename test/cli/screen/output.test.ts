import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeScreen } from "../../harness/screen.ts";

const clearLine = "\r\x1b[2K";

beforeEach(() => {
  for (const name of [
    "NO_COLOR",
    "FORCE_COLOR",
    "NODE_DISABLE_COLORS",
    "CI",
    "TF_BUILD",
    "TEAMCITY_VERSION",
  ]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("TERM", "xterm");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a screen", () => {
  it("colours on a terminal", () => {
    const { screen, out } = fakeScreen({ isTTY: true });
    screen.out.line(["red", "down"], " since noon");
    expect(out()).toBe("\x1b[31mdown\x1b[39m since noon\n");
  });

  it("is plain where NO_COLOR is set", () => {
    vi.stubEnv("NO_COLOR", "1");
    const { screen, out } = fakeScreen({ isTTY: true });
    screen.out.line(["red", "down"]);
    expect(out()).toBe("down\n");
  });

  it("colours a pipe where FORCE_COLOR is set", () => {
    vi.stubEnv("FORCE_COLOR", "1");
    const { screen, out } = fakeScreen();
    screen.out.line(["red", "down"]);
    expect(out()).toBe("\x1b[31mdown\x1b[39m\n");
  });

  it("is plain in a pipe", () => {
    const { screen, out, err } = fakeScreen();
    screen.out.line(["red", "down"]);
    screen.err.table([{ title: "A" }], [[["green", "1"]]]);
    screen.status("working");
    expect(out()).toBe("down\n");
    expect(err()).toBe("A\n1\n");
  });

  it("cannot be taken over by a task's name", () => {
    const { screen, out } = fakeScreen({ isTTY: true });
    screen.out.table([{ title: "TASK" }], [["\x1b]0;owned\x07\nFAILED"]]);
    expect(out()).toBe("\x1b[2mTASK\x1b[22m\n\\x1b]0;owned\\x07\\x0aFAILED\n");
  });

  it("prints JSON on one line in a pipe and indented on a terminal", () => {
    const pipe = fakeScreen();
    pipe.screen.out.json({ a: 1 });
    const terminal = fakeScreen({ isTTY: true });
    terminal.screen.out.json({ a: 1 });
    expect([pipe.out(), terminal.out()]).toEqual(['{"a":1}\n', '{\n  "a": 1\n}\n']);
  });

  it("keeps the status below what is written, and takes it away", () => {
    const { screen, both } = fakeScreen({ isTTY: true, columns: 20 });
    screen.status("a status far longer than the line");
    screen.out.line("result");
    screen.status();
    screen.out.line("end");
    const shown = "\x1b[2ma status far longer\x1b[22m";
    expect(both()).toBe(`${shown}${clearLine}result\n${shown}${clearLine}end\n`);
  });
});
