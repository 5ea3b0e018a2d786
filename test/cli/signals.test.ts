import { EventEmitter } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { listenForSignals, type SignalHost } from "../../lib/cli/signals.ts";

function fakeHost() {
  const exits: number[] = [];
  const said: string[] = [];
  const host = Object.assign(new EventEmitter(), {
    stdout: new EventEmitter(),
    stderr: Object.assign(new EventEmitter(), { write: (text: string) => said.push(text) }),
    exit: (code: number) => exits.push(code),
  });
  return { host: host satisfies SignalHost, exits, said };
}
const brokenPipe = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
])("stops at the first %s and ends with %i", (signal, code) => {
  const { host } = fakeHost();
  const stopping = listenForSignals(host);
  expect(stopping.exitCode()).toBe(null);
  host.emit(signal);
  expect([stopping.stop.aborted, stopping.abandon.aborted]).toEqual([true, false]);
  expect(stopping.exitCode()).toBe(code);
});

it("gives up the step in hand at the second signal, and everything at the third", () => {
  const { host, exits } = fakeHost();
  const stopping = listenForSignals(host);
  host.emit("SIGTERM");
  host.emit("SIGINT");
  expect([stopping.abandon.aborted, exits]).toEqual([true, []]);
  host.emit("SIGINT");
  expect(exits).toEqual([130]);
  expect(stopping.exitCode()).toBe(143);
});

it("ends the process where it stands after less than Docker's ten seconds", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { host, exits } = fakeHost();
  listenForSignals(host);
  host.emit("SIGTERM");
  vi.advanceTimersByTime(7_000);
  expect(exits).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(exits).toEqual([143]);
});

it("stops quietly when the reader of stdout has gone", () => {
  const { host } = fakeHost();
  const stopping = listenForSignals(host);
  host.stdout.emit("error", brokenPipe);
  expect([stopping.stop.aborted, stopping.exitCode()]).toEqual([true, null]);
});

const full = Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" });

it("does without stderr when nothing can be written to it", () => {
  const { host } = fakeHost();
  const stopping = listenForSignals(host);
  for (const error of [brokenPipe, full]) host.stderr.emit("error", error);
  expect(stopping.stop.aborted).toBe(false);
});

it("says once that stdout cannot be written, goes on, and ends with 1", () => {
  const { host, said } = fakeHost();
  const stopping = listenForSignals(host);
  for (const error of [full, full]) host.stdout.emit("error", error);
  expect(said).toEqual(["error: stdout could not be written (ENOSPC)\n"]);
  expect([stopping.stop.aborted, stopping.exitCode()]).toEqual([false, 1]);
});
