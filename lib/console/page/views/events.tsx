import { computed, signal, useSignal } from "@preact/signals";
import type { EventRow, EventStory } from "../../protocol.ts";
import { clockTime, plain, span } from "../format.ts";
import { useLoaded } from "../loaded.ts";
import { CopyButton, Empty, Glyph, KindPill } from "../parts.tsx";
import { linkTo } from "../route.ts";
import { words } from "../settings.ts";
import { events, instanceName } from "../state.ts";
import { lookOfDelivery } from "../status.ts";
import { Attempts, curlOf } from "./story.tsx";

const pageRows = 100;

const search = signal("");
/** The rows that a paused list shows; null while it is live. */
const paused = signal<readonly EventRow[] | null>(null);

const shownEvents = computed(() => {
  const wanted = search.value.trim().toLowerCase();
  const rows = paused.value ?? events.value;
  // A paused list keeps its rows, and still shows how their deliveries go.
  const current = paused.value ? new Map(events.value.map((row) => [row.id, row])) : null;
  const fresh = current ? rows.map((row) => current.get(row.id) ?? row) : rows;
  return wanted === "" ? fresh : fresh.filter((row) => searchText(row).includes(wanted));
});

const searchText = (row: EventRow): string =>
  [
    row.id,
    row.taskName,
    row.user ?? "",
    row.to,
    row.kind,
    instanceName(row.stream),
    ...row.deliveries.flatMap(({ sink, state }) => [sink, state]),
  ]
    .join("\n")
    .toLowerCase();

/** Every event as it is recorded, newest first. */
export function EventsView() {
  const { events: text, empty } = words.value;
  const shown = useSignal(pageRows);
  const rows = shownEvents.value;
  const waiting = paused.value ? events.value.length - paused.value.length : 0;
  return (
    <section class="card" aria-labelledby="events-title">
      <div class="toolbar">
        <div class="row wrap">
          <h2 id="events-title">{text.title}</h2>
          <input
            type="search"
            class="field grow"
            aria-label={text.search}
            placeholder={text.placeholder}
            value={search.value}
            onInput={({ currentTarget }) => {
              search.value = currentTarget.value;
            }}
          />
          <span class="muted numbers" role="status">
            {paused.value ? text.paused(Math.max(0, waiting)) : text.shown(rows.length, events.value.length)}
          </span>
          <button
            type="button"
            class="button"
            aria-pressed={paused.value !== null}
            onClick={() => {
              paused.value = paused.value ? null : events.value;
            }}
          >
            {paused.value ? text.resume : text.pause}
          </button>
        </div>
      </div>
      {rows.length === 0 ? (
        search.value === "" ? (
          <Empty title={empty.events} text={empty.eventsText} />
        ) : (
          <Empty title={empty.eventsFiltered} />
        )
      ) : (
        <ol class="events">
          {rows.slice(0, shown.value).map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </ol>
      )}
      {rows.length > shown.value && (
        <p class="pad">
          <button
            type="button"
            class="button"
            onClick={() => {
              shown.value += pageRows;
            }}
          >
            {text.older}
          </button>
        </p>
      )}
    </section>
  );
}

function Row({ row }: { readonly row: EventRow }) {
  const isOpen = useSignal(false);
  const { events: text } = words.value;
  const name = plain(row.taskName);
  return (
    <li class={isOpen.value ? "open" : ""}>
      <div class="event-row">
        <time class="numbers muted" dateTime={new Date(row.atMs).toISOString()}>
          {clockTime(row.atMs)}
        </time>
        <KindPill kind={row.kind} status={plain(row.to)} />
        <a class="clip event-task" href={linkTo("events", row.task)}>
          <bdi>{name || text.task}</bdi>
        </a>
        <span class="clip muted event-place">
          <bdi>{plain(instanceName(row.stream))}</bdi>
          {row.user && (
            <>
              {" · "}
              <bdi>{plain(row.user)}</bdi>
            </>
          )}
        </span>
        <Deliveries row={row} />
        <button
          type="button"
          class="button plain small"
          aria-expanded={isOpen.value}
          aria-label={`${text.details}: ${name}`}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          {text.details}
        </button>
      </div>
      {isOpen.value && <Details row={row} />}
    </li>
  );
}

function Deliveries({ row }: { readonly row: EventRow }) {
  return (
    <ul class="deliveries">
      {row.deliveries.map(({ sink, state, attempts }) => (
        <li key={sink} class={`tone-${lookOfDelivery[state].tone}`}>
          <Glyph look={lookOfDelivery[state]} />
          <span class="clip">{plain(sink)}</span>
          <span class={state === "accepted" ? "hidden" : "muted"}>{words.value.deliveries[state]}</span>
          {attempts > 1 && <span class="numbers muted">×{attempts}</span>}
        </li>
      ))}
    </ul>
  );
}

function Details({ row }: { readonly row: EventRow }) {
  const story = useLoaded<EventStory>(
    `/api/event?id=${encodeURIComponent(row.id)}`,
    JSON.stringify(row.deliveries),
  );
  const { events: text } = words.value;
  if (story.state === "loading")
    return (
      <p class="muted pad" role="status">
        {words.value.story.loading}
      </p>
    );
  if (story.state === "failed") return <p class="muted pad">{story.reason}</p>;
  const { json, attempts } = story.result;
  return (
    <div class="event-details">
      <div class="row wrap">
        <CopyButton text={json} label={text.copyJson} />
        <CopyButton text={() => curlOf(json)} label={text.copyCurl} />
        <span class="muted">{text.lag(span(row.lagMs))}</span>
      </div>
      {row.deliveries.map(({ sink }) => (
        <div key={sink} class="delivery">
          <strong>{plain(sink)}</strong>
          <Attempts attempts={attempts.filter((attempt) => attempt.sink === sink)} />
        </div>
      ))}
      <section class="code" tabIndex={0} aria-label="JSON">
        <pre>{json}</pre>
      </section>
    </div>
  );
}
