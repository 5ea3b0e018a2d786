import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { CallFailed, call } from "./session.ts";

/** State of a call: pending, its result, or the reason of its failure. */
export type Loaded<Result> =
  | { readonly state: "loading" }
  | { readonly state: "loaded"; readonly result: Result }
  | { readonly state: "failed"; readonly reason: string };

/** Calls the server, again with each change of `version`; meanwhile the last result stays. */
export function useLoaded<Result>(path: string, version: unknown, body?: unknown): Loaded<Result> {
  const loaded = useSignal<Loaded<Result>>({ state: "loading" });
  const text = JSON.stringify(body);
  useEffect(() => {
    loaded.value = { state: "loading" };
  }, [path, text]);
  useEffect(() => {
    let isCurrent = true;
    const answer = (next: Loaded<Result>): void => {
      if (isCurrent) loaded.value = next;
    };
    call<Result>(path, body).then(
      (result) => answer({ state: "loaded", result }),
      (error: unknown) => {
        if (!(error instanceof CallFailed)) throw error;
        answer({ state: "failed", reason: error.message });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [path, text, version]);
  return loaded.value;
}
