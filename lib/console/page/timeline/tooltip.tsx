import type { TaskRow } from "../../protocol.ts";
import { clockTime, plain, span } from "../format.ts";
import { KindPill } from "../parts.tsx";
import { words } from "../settings.ts";
import { instanceName, serverNow } from "../state.ts";
import { kindOfTask } from "../status.ts";

/** The task under the pointer. */
export interface Tip {
  readonly task: TaskRow;
  readonly x: number;
  readonly y: number;
  /** Of the chart. */
  readonly width: number;
}

const tipWidth = 280;

export function Tooltip({ tip }: { readonly tip: Tip | null }) {
  if (!tip) return null;
  const { task, x, y, width } = tip;
  const { story } = words.value;
  const left = Math.max(8, Math.min(x + 14, width - tipWidth - 8));
  return (
    <div class="tooltip" style={{ left: `${left}px`, top: `${y + 18}px` }} aria-hidden="true">
      <div class="row">
        <strong class="clip">
          <bdi>{plain(task.name) || task.id}</bdi>
        </strong>
        <KindPill kind={kindOfTask(task)} status={plain(task.status)} />
      </div>
      <div class="muted">
        <bdi>{plain(instanceName(task.stream))}</bdi>
        {task.user && (
          <>
            {" · "}
            <bdi>{plain(task.user)}</bdi>
          </>
        )}
      </div>
      <div class="numbers">
        {clockTime(task.createdAtMs)} · {span((task.endedAtMs ?? serverNow()) - task.createdAtMs)}
        {task.endedAtMs === null && ` ${story.running}`}
        {task.typicalMs !== null && <span class="muted">, {story.usually(span(task.typicalMs))}</span>}
      </div>
    </div>
  );
}
