import { getEventListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onAbort } from "../../lib/async/on-abort.ts";

describe("a subscription to a signal's abort", () => {
  it("is called once when the signal aborts, unless it was taken back, in any order of both", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 40 }), (moves) => {
        const abort = new AbortController();
        const called: number[] = [];
        const wanted = new Map<number, () => void>();
        for (const move of moves) {
          const taken = wanted.get(move);
          taken?.();
          taken?.();
          if (taken) wanted.delete(move);
          else
            wanted.set(
              move,
              onAbort(abort.signal, () => called.push(move)),
            );
        }
        expect(getEventListeners(abort.signal, "abort").length).toBe(wanted.size > 0 ? 1 : 0);
        abort.abort(null);
        expect(called.toSorted()).toEqual([...wanted.keys()].toSorted());
      }),
    );
  });

  it("that another one takes back during the abort is not called", () => {
    const abort = new AbortController();
    const called: string[] = [];
    onAbort(abort.signal, () => {
      called.push("first");
      takeBack();
    });
    const takeBack = onAbort(abort.signal, () => called.push("second"));
    abort.abort(null);
    expect(called).toEqual(["first"]);
  });
});
