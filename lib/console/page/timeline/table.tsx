import type { TaskRow } from "../../protocol.ts";
import { dayTime, plain, span } from "../format.ts";
import { KindPill } from "../parts.tsx";
import { linkTo } from "../route.ts";
import { words } from "../settings.ts";
import { instanceName, now } from "../state.ts";
import { kindOfTask } from "../status.ts";

const maxRows = 300;

/** The timeline's tasks as a table, newest first. */
export function TaskTable({ tasks }: { readonly tasks: readonly TaskRow[] }) {
  const { table } = words.value;
  const shown = tasks.slice(-maxRows).reverse();
  const nowMs = now.value;
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th>{table.task}</th>
            <th>{table.status}</th>
            <th>{table.instance}</th>
            <th>{table.person}</th>
            <th class="right">{table.started}</th>
            <th class="right">{table.duration}</th>
            <th class="right">{table.typical}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((task) => (
            <tr key={task.key}>
              <th scope="row">
                <a href={linkTo("timeline", task.key)}>
                  <bdi>{plain(task.name) || task.id}</bdi>
                </a>
              </th>
              <td>
                <KindPill kind={kindOfTask(task)} status={plain(task.status)} />
              </td>
              <td>
                <bdi>{plain(instanceName(task.stream))}</bdi>
              </td>
              <td>
                <bdi>{plain(task.user ?? "")}</bdi>
              </td>
              <td class="right numbers">{dayTime(task.createdAtMs)}</td>
              <td class="right numbers">{span((task.endedAtMs ?? nowMs) - task.createdAtMs)}</td>
              <td class="right numbers muted">{task.typicalMs === null ? "" : span(task.typicalMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {tasks.length > maxRows && <p class="muted pad">{table.more(tasks.length - maxRows)}</p>}
    </div>
  );
}
