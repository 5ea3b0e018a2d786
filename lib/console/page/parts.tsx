import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { EventKind } from "../../change/kind.ts";
import { words } from "./settings.ts";
import { type Look, lookOfKind } from "./status.ts";

/** A state's shape. The text beside it says the same, so that it is hidden from screen readers. */
export function Glyph({ look: { path, isFilled, tone } }: { readonly look: Look }) {
  return (
    <svg class={`glyph tone-${tone} ${isFilled ? "filled" : ""}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** A state as a shape and a word. */
export function Pill({ look, children }: { readonly look: Look; readonly children: ComponentChildren }) {
  return (
    <span class={`pill tone-${look.tone}`}>
      <Glyph look={look} />
      {children}
    </span>
  );
}

export function KindPill({ kind, status }: { readonly kind: EventKind; readonly status?: string }) {
  return (
    <Pill look={lookOfKind(kind)}>
      {kind === "unknown" && status ? <bdi>{status}</bdi> : words.value.kinds[kind]}
    </Pill>
  );
}

/** Copies a text, and says so for a moment. */
export function CopyButton({
  text,
  label,
}: {
  readonly text: string | (() => string | Promise<string>);
  readonly label: string;
}) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, 1_500);
  };
  return (
    <button type="button" class="button small" onClick={() => void copy()}>
      <span aria-live="polite">{isCopied.value ? words.value.copied : label}</span>
    </button>
  );
}

export function Empty({ title, text }: { readonly title: string; readonly text?: string }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 120 56" aria-hidden="true">
        <rect x="4" y="6" width="52" height="9" rx="4.5" />
        <rect x="34" y="23" width="68" height="9" rx="4.5" />
        <rect x="14" y="40" width="34" height="9" rx="4.5" />
      </svg>
      <p class="empty-title">{title}</p>
      {text && <p class="muted">{text}</p>}
    </div>
  );
}

/** A modal question. Escape and the backdrop cancel it. */
export function Confirm({
  title,
  text,
  confirm,
  onClose,
}: {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly onClose: (isConfirmed: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onCancel={() => onClose(false)}>
      <h2 id="confirm-title">{title}</h2>
      <p class="muted">{text}</p>
      <div class="row end">
        <button type="button" class="button" onClick={() => onClose(false)}>
          {words.value.cancel}
        </button>
        <button type="button" class="button danger" onClick={() => onClose(true)}>
          {confirm}
        </button>
      </div>
    </dialog>
  );
}
