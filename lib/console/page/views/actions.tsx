import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { CallFailed, call } from "../session.ts";
import { words } from "../settings.ts";
import { meta } from "../state.ts";

/** The last action's result, shown for some seconds. */
export const notice = signal<{ readonly text: string; readonly isBad: boolean } | null>(null);
const noticeMs = 6_000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function tell(text: string, isBad = false): void {
  notice.value = { text, isBad };
  clearTimeout(timer);
  timer = setTimeout(() => {
    notice.value = null;
  }, noticeMs);
}

/** Runs an action, and tells its result or why it failed. */
export async function act<Result>(
  path: string,
  input: unknown,
  toldAs?: (result: Result) => string,
): Promise<void> {
  try {
    const result = await call<Result>(path, input);
    if (toldAs) tell(toldAs(result));
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    tell(error.message, true);
  }
}

interface ActionButtonProps {
  readonly run: () => Promise<void>;
  readonly isDangerous?: boolean;
  readonly isSmall?: boolean;
  readonly children: ComponentChildren;
}

/** A button that changes something: it waits for its result, and is off where the console is read-only. */
export function ActionButton({ run, isDangerous, isSmall, children }: ActionButtonProps) {
  const isRunning = useSignal(false);
  const isAllowed = meta.value?.allowsChanges ?? false;
  const click = async (): Promise<void> => {
    isRunning.value = true;
    await run();
    isRunning.value = false;
  };
  return (
    <button
      type="button"
      class={`button ${isSmall ? "small" : ""} ${isDangerous ? "danger" : ""}`}
      disabled={!isAllowed || isRunning.value}
      title={isAllowed ? undefined : words.value.readOnlyHint}
      aria-busy={isRunning.value}
      onClick={() => void click()}
    >
      {children}
    </button>
  );
}

interface SampleResult {
  readonly result: { readonly kind: string; readonly detail?: string; readonly reason?: string };
  readonly durationMs: number;
}

/** Sends one sample event through a sink. */
export function SampleButton({ sink }: { readonly sink: string }) {
  const { sinks: text } = words.value;
  const send = async (): Promise<void> => {
    try {
      const { result, durationMs } = await call<SampleResult>("/api/actions/sample", { sink });
      if (result.kind === "accepted") tell(`${sink}: ${text.sent(durationMs)}`);
      else tell(`${sink}: ${result.detail} (${result.reason})`, true);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      tell(error.message, true);
    }
  };
  return <ActionButton run={send}>{text.sample}</ActionButton>;
}
