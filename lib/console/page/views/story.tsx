import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { kindOfStatus } from "../../../change/kind.ts";
import type { AttemptRow, EventStory, Step, TaskRow, TaskStory } from "../../protocol.ts";
import { clockTime, dayTime, plain, span } from "../format.ts";
import { useLoaded } from "../loaded.ts";
import { CopyButton, Glyph, KindPill, Pill } from "../parts.tsx";
import { openTask, showTask } from "../route.ts";
import { words } from "../settings.ts";
import { events, instanceName, now, tasks, tasksVersion } from "../state.ts";
import { kindOfTask, lookOfDelivery, lookOfKind } from "../status.ts";
import { ChatMessage } from "./message.tsx";

/** The story of the chosen task, beside the view. */
export function Story() {
  const key = openTask.value;
  return key === null ? null : <Panel key={key} taskKey={key} />;
}

function Panel({ taskKey }: { readonly taskKey: string }) {
  const panel = useRef<HTMLElement>(null);
  // Loaded again when something new is told of this task.
  const version = useComputed(() => {
    tasksVersion.value;
    const told = events.value.filter(({ task }) => task === taskKey);
    return JSON.stringify([tasks.get(taskKey)?.steps.length, told.map(({ deliveries }) => deliveries)]);
  });
  const story = useLoaded<TaskStory>(`/api/task?id=${encodeURIComponent(taskKey)}`, version.value);
  useEffect(() => {
    const opener = document.activeElement;
    panel.current?.focus();
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === "Escape" && !document.querySelector("dialog[open]")) showTask(null);
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  const { close, story: text } = words.value;
  return (
    <aside class="story" ref={panel} tabIndex={-1} aria-label={text.title}>
      <button
        type="button"
        class="button plain icon close"
        aria-label={close}
        title={close}
        onClick={() => showTask(null)}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M4 4l8 8M12 4l-8 8" />
        </svg>
      </button>
      {story.state === "loading" && <Skeleton />}
      {story.state === "failed" && <p class="muted pad-top">{text.gone}</p>}
      {story.state === "loaded" && <Told story={story.result} />}
    </aside>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={words.value.story.loading}>
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

function Told({ story: { row, fullName, user, params, events: told } }: { readonly story: TaskStory }) {
  const { story } = words.value;
  const last = told.at(-1);
  return (
    <>
      <header>
        <KindPill kind={kindOfTask(row)} status={plain(row.status)} />
        <h2>
          <bdi>{plain(fullName) || row.id}</bdi>
        </h2>
      </header>
      <Took row={row} />
      <dl class="facts">
        <dt>{story.instance}</dt>
        <dd>
          <bdi>{plain(instanceName(row.stream))}</bdi>{" "}
          <span class="muted">{row.stream.split("/", 2).join(" · ")}</span>
        </dd>
        <dt>{story.person}</dt>
        <dd>
          <bdi>{plain(user.name ?? "–")}</bdi> {user.id && <code class="muted">{plain(user.id)}</code>}
        </dd>
        <dt>{story.started}</dt>
        <dd class="numbers">{dayTime(row.createdAtMs)}</dd>
        <dt>{story.taskId}</dt>
        <dd class="row">
          <code class="clip">{plain(row.id)}</code>
          <CopyButton text={row.id} label={words.value.copy} />
        </dd>
      </dl>
      <h3>{story.steps}</h3>
      <Steps row={row} />
      <h3>
        {story.params} <span class="note">{story.paramsMasked}</span>
      </h3>
      {params === null ? (
        <p class="muted">{words.value.none}</p>
      ) : (
        <section class="code" tabIndex={0} aria-label={story.params}>
          <pre>{params}</pre>
        </section>
      )}
      <h3>{story.events}</h3>
      {told.length === 0 ? (
        <p class="muted">{story.noEvents}</p>
      ) : (
        told.map((event) => <Event key={event.row.id} story={event} />)
      )}
      {last && (
        <>
          <h3>{story.message}</h3>
          <ChatMessage event={last.row.id} />
        </>
      )}
    </>
  );
}

/** How long it took, beside what such tasks usually take. */
function Took({ row }: { readonly row: TaskRow }) {
  const { story } = words.value;
  const isOpen = row.endedAtMs === null;
  const tookMs = (row.endedAtMs ?? now.value) - row.createdAtMs;
  const { typicalMs } = row;
  const longest = Math.max(tookMs, typicalMs ?? 0, 1);
  const look = lookOfKind(kindOfTask(row));
  const times = typicalMs ? tookMs / typicalMs : 1;
  return (
    <div class="took">
      <p>
        <strong class="numbers">{span(tookMs)}</strong> {isOpen && <span class="muted">{story.running}</span>}
        {typicalMs !== null && (
          <span class="muted">
            {times >= 1.5 ? `${story.times(times)}, ` : ""}
            {story.usually(span(typicalMs))}
          </span>
        )}
      </p>
      {typicalMs !== null && (
        <div class="took-bars" aria-hidden="true">
          <span class={`tone-${look.tone}`} style={{ width: `${(100 * tookMs) / longest}%` }} />
          <span class="ghost" style={{ width: `${(100 * typicalMs) / longest}%` }} />
        </div>
      )}
    </div>
  );
}

function Steps({ row }: { readonly row: TaskRow }) {
  const isVanished = row.mark === "vanished";
  return (
    <ol class="steps">
      {row.steps.map((step, index) => {
        const next: Step | undefined = row.steps[index + 1];
        const until = next?.atMs ?? (row.endedAtMs === null ? now.value : null);
        const kind = step.status === "VANISHED" && isVanished ? "vanished" : kindOfStatus(step.status);
        return (
          <li key={`${step.status} ${step.atMs}`} class={`tone-${lookOfKind(kind).tone}`}>
            <Glyph look={lookOfKind(kind)} />
            <span>{kind === "unknown" ? <bdi>{plain(step.status)}</bdi> : words.value.kinds[kind]}</span>
            <span class="numbers muted">{clockTime(step.atMs)}</span>
            <span class="numbers muted right">{until === null ? "" : span(until - step.atMs)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Event({ story: { row, json, attempts } }: { readonly story: EventStory }) {
  const { events: text, story } = words.value;
  return (
    <section class="event-card" aria-label={plain(row.to)}>
      <div class="row">
        <KindPill kind={row.kind} status={plain(row.to)} />
        <span class="numbers muted">{clockTime(row.atMs)}</span>
        <span class="muted clip">{text.lag(span(row.lagMs))}</span>
      </div>
      {row.deliveries.length === 0 && <p class="muted">{story.noAttempts}</p>}
      {row.deliveries.map(({ sink, state }) => (
        <div key={sink} class="delivery">
          <div class="row">
            <strong>{plain(sink)}</strong>
            <Pill look={lookOfDelivery[state]}>{words.value.deliveries[state]}</Pill>
          </div>
          <Attempts attempts={attempts.filter((attempt) => attempt.sink === sink)} />
        </div>
      ))}
      <div class="row">
        <CopyButton text={json} label={text.copyJson} />
        <CopyButton text={() => curlOf(json)} label={text.copyCurl} />
      </div>
    </section>
  );
}

/** Attempts of one delivery, oldest first, with what the receiver said. */
export function Attempts({ attempts }: { readonly attempts: readonly AttemptRow[] }) {
  const { results } = words.value;
  return (
    <ol class="attempts">
      {attempts.map(({ atMs, kind, reason, detail }, index) => (
        <li key={`${atMs} ${index}`}>
          <span class="numbers muted">{clockTime(atMs)}</span>
          <span>
            {results[kind]}
            {reason && <code class="muted"> {reason}</code>}
            {detail && <span class="said">{plain(detail)}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The event as a command line that sends it to a receiver of one's own. */
export const curlOf = (json: string): string =>
  `curl "$RECEIVER_URL" -H 'content-type: application/cloudevents+json' --data-raw '${JSON.stringify(JSON.parse(json)).replaceAll("'", "'\\''")}'`;
