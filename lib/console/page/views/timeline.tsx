import { useSignal } from "@preact/signals";
import {
  clearFilters,
  instance,
  isFiltering,
  kindCounts,
  kinds,
  people,
  person,
  search,
  shownTasks,
  toggleKind,
} from "../filter.ts";
import { count, plain } from "../format.ts";
import { Empty, Glyph } from "../parts.tsx";
import { words } from "../settings.ts";
import { instanceName, meta, streams } from "../state.ts";
import { kindOrder, lookOfKind } from "../status.ts";
import { Chart } from "../timeline/chart.tsx";
import { zoomBy } from "../timeline/gestures.ts";
import { endMs, follow, isFollowing, ranges, spanMs } from "../timeline/range.ts";
import { TaskTable } from "../timeline/table.tsx";
import { Summary } from "./summary.tsx";

/** Tasks as bars on a time axis, or as a table. */
export function TimelineView() {
  const isTable = useSignal(false);
  const { timeline, empty } = words.value;
  const tasks = shownTasks.value;
  const isEmpty = tasks.length === 0;
  return (
    <>
      <Summary />
      <section class="card timeline" aria-label={timeline.title}>
        <Toolbar
          isTable={isTable.value}
          onTable={(next) => {
            isTable.value = next;
          }}
        />
        {isEmpty ? (
          isFiltering.value ? (
            <Empty title={empty.filtered} />
          ) : (
            <Empty
              title={empty.tasks}
              text={meta.value?.mode === "console" ? empty.storeTasksText : empty.tasksText}
            />
          )
        ) : isTable.value ? (
          <TaskTable tasks={tasks} />
        ) : (
          <Chart />
        )}
        {!isTable.value && !isEmpty && <Legend />}
      </section>
    </>
  );
}

function Toolbar({
  isTable,
  onTable,
}: {
  readonly isTable: boolean;
  readonly onTable: (next: boolean) => void;
}) {
  const { filter, timeline } = words.value;
  return (
    <div class="toolbar">
      <div class="row wrap">
        <input
          type="search"
          class="field grow"
          aria-label={filter.search}
          placeholder={filter.placeholder}
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
        />
        <Choice
          label={filter.instance}
          every={filter.allInstances}
          value={instance}
          options={streams.value.map(({ key }) => [key, plain(instanceName(key))])}
        />
        <Choice
          label={filter.person}
          every={filter.everybody}
          value={person}
          options={people.value.map((name) => [name, plain(name)])}
        />
        <fieldset class="segments" aria-label={timeline.title}>
          <Segment isOn={!isTable} onClick={() => onTable(false)}>
            {timeline.asBars}
          </Segment>
          <Segment isOn={isTable} onClick={() => onTable(true)}>
            {timeline.asTable}
          </Segment>
        </fieldset>
      </div>
      <div class="row wrap">
        <fieldset class="chips" aria-label={filter.status}>
          {kindOrder.map((kind) => {
            const amount = kindCounts.value.get(kind) ?? 0;
            const isOn = kinds.value.has(kind);
            if (amount === 0 && !isOn) return null;
            return (
              <button
                key={kind}
                type="button"
                class={`chip ${isOn ? "on" : ""}`}
                aria-pressed={isOn}
                onClick={() => toggleKind(kind)}
              >
                <Glyph look={lookOfKind(kind)} />
                {words.value.kinds[kind]}
                <span class="numbers muted">{count(amount)}</span>
              </button>
            );
          })}
          {isFiltering.value && (
            <button type="button" class="button plain small" onClick={clearFilters}>
              {filter.clear}
            </button>
          )}
        </fieldset>
        {!isTable && <RangeButtons />}
      </div>
    </div>
  );
}

function RangeButtons() {
  const { timeline } = words.value;
  return (
    <div class="row ranges">
      <fieldset class="segments" aria-label={timeline.range}>
        {Object.entries(ranges).map(([name, ms]) => (
          <Segment
            key={name}
            isOn={Math.abs(spanMs.value - ms) < 1}
            onClick={() => {
              spanMs.value = ms;
            }}
          >
            {timeline.ranges[name as keyof typeof ranges]}
          </Segment>
        ))}
      </fieldset>
      <div class="segments">
        <button
          type="button"
          class="segment icon"
          aria-label={timeline.zoomOut}
          title={timeline.zoomOut}
          onClick={() => zoomBy(1 / 1.6)}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3.5 8h9" />
          </svg>
        </button>
        <button
          type="button"
          class="segment icon"
          aria-label={timeline.zoomIn}
          title={timeline.zoomIn}
          onClick={() => zoomBy(1.6)}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3.5 8h9M8 3.5v9" />
          </svg>
        </button>
      </div>
      <button
        type="button"
        class={`button small ${isFollowing.value ? "on" : ""}`}
        aria-pressed={isFollowing.value}
        onClick={() => {
          if (isFollowing.value) endMs.value = Date.now();
          else follow();
        }}
      >
        {timeline.follow}
      </button>
    </div>
  );
}

function Segment({
  isOn,
  onClick,
  children,
}: {
  readonly isOn: boolean;
  readonly onClick: () => void;
  readonly children: string;
}) {
  return (
    <button type="button" class={`segment ${isOn ? "on" : ""}`} aria-pressed={isOn} onClick={onClick}>
      {children}
    </button>
  );
}

interface ChoiceProps {
  readonly label: string;
  /** The first choice, which filters nothing. */
  readonly every: string;
  readonly value: { value: string };
  readonly options: readonly (readonly [value: string, text: string])[];
}

function Choice({ label, every, value, options }: ChoiceProps) {
  return (
    <select
      class="field"
      aria-label={label}
      value={value.value}
      onChange={({ currentTarget }) => {
        value.value = currentTarget.value;
      }}
    >
      <option value="">{every}</option>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Legend() {
  const { timeline, kinds: names } = words.value;
  const shown = kindOrder.filter((kind) => (kindCounts.value.get(kind) ?? 0) > 0);
  return (
    <ul class="legend" aria-label={timeline.legend}>
      {shown.map((kind) => (
        <li key={kind}>
          <span class={`swatch tone-${lookOfKind(kind).tone}`}>
            <Glyph look={lookOfKind(kind)} />
          </span>
          {names[kind]}
        </li>
      ))}
      <li>
        <span class="swatch queued" />
        {timeline.queued}
      </li>
      <li>
        <span class="swatch ghost" />
        {timeline.ghost}
      </li>
    </ul>
  );
}
