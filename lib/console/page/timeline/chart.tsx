import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { TaskRow } from "../../protocol.ts";
import { shownTasks } from "../filter.ts";
import { plain, span } from "../format.ts";
import { openTask, showTask } from "../route.ts";
import { isDark, words } from "../settings.ts";
import { instanceNames, serverNow } from "../state.ts";
import { kindOfTask } from "../status.ts";
import { Canvas } from "./canvas.ts";
import { type Tip, Tooltip } from "./tooltip.tsx";

/** The bars. All of it can be read as a table, too, so that a screen reader meets only what is chosen. */
export function Chart() {
  const box = useRef<HTMLDivElement>(null);
  const canvasElement = useRef<HTMLCanvasElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const tip = useSignal<Tip | null>(null);
  const said = useSignal("");
  useEffect(() => {
    if (!box.current || !canvasElement.current || !spacer.current) return;
    const canvas = new Canvas(
      { box: box.current, canvas: canvasElement.current, spacer: spacer.current },
      {
        hovered: (next) => {
          tip.value = next;
        },
        chosen: (task) => {
          said.value = sentence(task);
        },
        opened: (task) => showTask(task.key),
      },
    );
    const stops = [
      effect(() => canvas.setTasks(shownTasks.value, [...instanceNames.value.keys()])),
      effect(() => canvas.select(openTask.value)),
      effect(() => {
        isDark.value;
        words.value;
        canvas.repaint();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      canvas.close();
    };
  }, []);
  return (
    <div class="chart">
      <div
        class="chart-scroll"
        ref={box}
        role="application"
        tabIndex={0}
        aria-label={words.value.timeline.title}
        aria-describedby="chart-hint"
      >
        <div ref={spacer}>
          <canvas ref={canvasElement} />
        </div>
      </div>
      <p id="chart-hint" class="hidden">
        {words.value.timeline.hint}
      </p>
      <p class="hidden" aria-live="polite">
        {said.value}
      </p>
      <Tooltip tip={tip.value} />
    </div>
  );
}

const sentence = (task: TaskRow): string =>
  [
    plain(task.name) || task.id,
    words.value.kinds[kindOfTask(task)],
    plain(instanceNames.value.get(task.stream) ?? ""),
    plain(task.user ?? ""),
    span((task.endedAtMs ?? serverNow()) - task.createdAtMs),
  ]
    .filter((part) => part !== "")
    .join(", ");
