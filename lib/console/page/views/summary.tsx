import { computed } from "@preact/signals";
import { kinds } from "../filter.ts";
import { count } from "../format.ts";
import { Glyph } from "../parts.tsx";
import { linkTo } from "../route.ts";
import { words } from "../settings.ts";
import { now, sinks, tasks, tasksVersion } from "../state.ts";
import { kindOfTask, type Look, lookOfDelivery, lookOfKind } from "../status.ts";

const hourMs = 3_600_000;

const numbers = computed(() => {
  tasksVersion.value;
  const sinceMs = now.value - hourMs;
  let [open, overdue, failed] = [0, 0, 0];
  for (const task of tasks.values()) {
    if (task.endedAtMs === null) open += 1;
    if (kindOfTask(task) === "overdue") overdue += 1;
    if (task.status === "FAILED" && (task.endedAtMs ?? 0) > sinceMs) failed += 1;
  }
  const sum = (of: "pending" | "deadLetters"): number =>
    sinks.value.reduce((total, sink) => total + sink[of], 0);
  return { open, overdue, failed, pending: sum("pending"), deadLetters: sum("deadLetters") };
});

/** The five numbers that tell whether all is well. Each leads to what it counts. */
export function Summary() {
  const { summary } = words.value;
  const { open, overdue, failed, pending, deadLetters } = numbers.value;
  return (
    <ul class="summary" aria-label={summary.title}>
      <Tile
        look={lookOfKind("executing")}
        name={summary.open}
        value={open}
        onClick={() => filterBy("executing", "created", "overdue")}
      />
      <Tile
        look={lookOfKind("overdue")}
        name={summary.overdue}
        value={overdue}
        isAlert
        onClick={() => filterBy("overdue")}
      />
      <Tile
        look={lookOfKind("failed")}
        name={summary.failed}
        value={failed}
        isAlert
        onClick={() => filterBy("failed")}
      />
      <Tile look={lookOfDelivery.retrying} name={summary.pending} value={pending} onClick={showSinks} />
      <Tile
        look={lookOfDelivery.blocked}
        name={summary.deadLetters}
        value={deadLetters}
        isAlert
        onClick={showSinks}
      />
    </ul>
  );
}

const filterBy = (
  ...chosen: readonly (typeof kinds.value extends ReadonlySet<infer Kind> ? Kind : never)[]
): void => {
  const isSame = chosen.length === kinds.value.size && chosen.every((kind) => kinds.value.has(kind));
  kinds.value = new Set(isSame ? [] : chosen);
};

const showSinks = (): void => {
  location.hash = linkTo("sinks");
};

interface TileProps {
  readonly look: Look;
  readonly name: string;
  readonly value: number;
  /** Whether more than none asks for a look. */
  readonly isAlert?: boolean;
  readonly onClick: () => void;
}

function Tile({ look, name, value, isAlert, onClick }: TileProps) {
  const isQuiet = value === 0;
  return (
    <li>
      <button
        type="button"
        class={`tile ${isAlert && !isQuiet ? `alert tone-${look.tone}` : ""}`}
        onClick={onClick}
      >
        <span class="tile-name">
          <Glyph look={isQuiet ? { ...look, tone: "off" } : look} />
          {name}
        </span>
        <span class={`tile-value ${isQuiet ? "quiet" : ""}`}>{count(value)}</span>
      </button>
    </li>
  );
}
