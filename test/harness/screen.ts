import { Writable } from "node:stream";
import { WriteStream } from "node:tty";
import { openScreen, type Screen } from "../../lib/cli/screen/output.ts";

export interface FakeScreen {
  readonly screen: Screen;
  readonly out: () => string;
  readonly err: () => string;
  /** Everything in the order in which a terminal shows it. */
  readonly both: () => string;
}

/** A screen that remembers; on a terminal its streams take colours as the environment says. */
export function fakeScreen({ isTTY = false, columns = 80, command = "dms-task-bridge" } = {}): FakeScreen {
  const writes: { readonly to: "out" | "err"; readonly text: string }[] = [];
  const stream = (to: "out" | "err") =>
    Object.assign(
      new Writable({
        write: (chunk, _, done) => {
          writes.push({ to, text: String(chunk) });
          done();
        },
      }),
      { isTTY, columns, getColorDepth: WriteStream.prototype.getColorDepth },
    );
  const text = (to?: "out" | "err") =>
    writes
      .filter((write) => !to || write.to === to)
      .map((write) => write.text)
      .join("");
  return {
    screen: openScreen(stream("out"), stream("err"), command),
    out: () => text("out"),
    err: () => text("err"),
    both: () => text(),
  };
}
