import { serverNow } from "../state.ts";
import { currentRange, follow, isFollowing, pan, setRange, spanMs } from "./range.ts";
import { msAt, type Scale, zoomed } from "./scale.ts";

/** Callbacks of the chart's gestures. */
export interface Gestures {
  readonly signal: AbortSignal;
  /** The scale of the bars, and where they begin. */
  scale(): Scale & { readonly left: number };
  /** The range has changed. */
  moved(): void;
  /** The pointer is there; `open` when it was pressed and let go. */
  pointed(x: number, y: number, open: boolean): void;
  /** The next or the previous task is wanted. */
  stepped(by: 1 | -1): void;
  entered(): void;
}

const clickPx = 4;
const panShare = 0.15;
const keyZoom = 1.5;

/** Drag and horizontal wheel pan, pinch and Ctrl with the wheel zoom; keys do both. */
export function onGestures(box: HTMLElement, gestures: Gestures): void {
  const { signal } = gestures;
  box.addEventListener("wheel", (event) => onWheel(event, box, gestures), { signal, passive: false });
  box.addEventListener("keydown", (event) => onKey(event, gestures), { signal });
  box.addEventListener("pointerleave", () => gestures.pointed(-1, -1, false), { signal });
  onPointers(box, gestures);
}

function onWheel(event: WheelEvent, box: HTMLElement, gestures: Gestures): void {
  const scale = gestures.scale();
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const x = event.clientX - box.getBoundingClientRect().left - scale.left;
    zoomAt(Math.exp(-event.deltaY * 0.006), x, scale);
    gestures.moved();
    return;
  }
  const byPx = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (Math.abs(byPx) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
  event.preventDefault();
  pan((byPx / scale.width) * spanMs.peek());
  gestures.moved();
}

/** Near the present, a range that follows it goes on to do so. */
function zoomAt(factor: number, x: number, scale: Scale): void {
  if (isFollowing.peek() && x > scale.width * 0.75) spanMs.value = spanOf(zoomed(scale, factor, scale.endMs));
  else setRange(zoomed(scale, factor, msAt(scale, x)));
}

const spanOf = ({ startMs, endMs }: Pick<Scale, "startMs" | "endMs">): number => endMs - startMs;

/** Zooms by a button or a key: to the present while it is followed, else to the middle. */
export function zoomBy(factor: number): void {
  const range = currentRange(serverNow());
  if (isFollowing.peek()) spanMs.value = spanOf(zoomed(range, factor, range.endMs));
  else setRange(zoomed(range, factor, (range.startMs + range.endMs) / 2));
}

function onKey(event: KeyboardEvent, gestures: Gestures): void {
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => pan(-spanMs.peek() * panShare),
    ArrowRight: () => pan(spanMs.peek() * panShare),
    ArrowDown: () => gestures.stepped(1),
    ArrowUp: () => gestures.stepped(-1),
    "+": () => zoomBy(keyZoom),
    "=": () => zoomBy(keyZoom),
    "-": () => zoomBy(1 / keyZoom),
    End: follow,
    Enter: () => gestures.entered(),
  };
  const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
  gestures.moved();
}

function onPointers(box: HTMLElement, gestures: Gestures): void {
  const { signal } = gestures;
  const down = new Map<number, { x: number; readonly startX: number }>();
  const place = (event: PointerEvent): readonly [number, number] => {
    const { left, top } = box.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const apart = (): number => {
    const [first, second] = [...down.values()];
    return first && second ? Math.max(20, Math.abs(first.x - second.x)) : 0;
  };
  box.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      const [x] = place(event);
      down.set(event.pointerId, { x, startX: x });
    },
    { signal },
  );
  box.addEventListener(
    "pointermove",
    (event) => {
      const [x, y] = place(event);
      const held = down.get(event.pointerId);
      if (!held) return gestures.pointed(x, y, false);
      const before = apart();
      const byPx = x - held.x;
      if (down.size === 1 && Math.abs(x - held.startX) < clickPx) return;
      box.setPointerCapture(event.pointerId);
      held.x = x;
      const scale = gestures.scale();
      if (down.size === 2) setRange(zoomed(scale, apart() / before, msAt(scale, x - scale.left)));
      else pan((-byPx / scale.width) * spanMs.peek());
      gestures.moved();
    },
    { signal },
  );
  box.addEventListener(
    "pointerup",
    (event) => {
      const [x, y] = place(event);
      const held = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (held && Math.abs(x - held.startX) < clickPx) gestures.pointed(x, y, true);
    },
    { signal },
  );
  box.addEventListener("pointercancel", (event) => down.delete(event.pointerId), { signal });
  box.addEventListener(
    "dblclick",
    (event) => {
      const scale = gestures.scale();
      zoomAt(2, event.clientX - box.getBoundingClientRect().left - scale.left, scale);
      gestures.moved();
    },
    { signal },
  );
}
