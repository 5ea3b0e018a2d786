import { useSignal } from "@preact/signals";
import type { SinkRow } from "../../protocol.ts";
import { ago, count, plain, roughSpan } from "../format.ts";
import { Empty, Pill } from "../parts.tsx";
import { words } from "../settings.ts";
import { meta, now, sinks } from "../state.ts";
import { lookOfSink } from "../status.ts";
import { SampleButton } from "./actions.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { intervals, Sparkline } from "./sparkline.tsx";

/** Health and backlog of every sink. */
export function SinksView() {
  const rows = sinks.value;
  if (rows.length === 0) return <Empty title={words.value.empty.sinks} />;
  return (
    <div class="sinks">
      {rows.map((sink) => (
        <Sink key={sink.name} sink={sink} />
      ))}
    </div>
  );
}

function Sink({ sink }: { readonly sink: SinkRow }) {
  const { sinks: text } = words.value;
  const showsLetters = useSignal(false);
  const nowMs = now.value;
  const bucketMs = meta.value?.bucketMs ?? 1;
  const title = `sink-${sink.name}`;
  return (
    <section class={`card sink ${sink.state}`} aria-labelledby={title}>
      <header class="row wrap">
        <h2 id={title}>
          <bdi>{plain(sink.name)}</bdi>
        </h2>
        <code class="muted">{sink.type}</code>
        <Pill look={lookOfSink[sink.state]}>{text.states[sink.state]}</Pill>
        {sink.since !== null && (
          <span class="muted numbers">{text.since(roughSpan(nowMs - Date.parse(sink.since)))}</span>
        )}
        <span class="grow" />
        {sink.state !== "removed" && <SampleButton sink={sink.name} />}
      </header>
      {sink.state !== "healthy" && <Trouble sink={sink} />}
      <Sparkline
        flow={sink.flow}
        bucketMs={bucketMs}
        label={text.throughput(roughSpan(bucketMs * intervals))}
      />
      <dl class="stats">
        <Stat name={text.pending} value={count(sink.pending)} />
        <Stat
          name={text.oldest}
          value={sink.oldestPendingAt === null ? "–" : roughSpan(nowMs - Date.parse(sink.oldestPendingAt))}
        />
        <Stat name={text.next} value={nextAttempt(sink, nowMs)} />
        <Stat name={text.breaker} value={breakerOf(sink, nowMs)} />
        <Stat name={text.accepted} value={count(sink.accepted)} />
        <Stat name={text.failed} value={count(sink.failed)} />
        <Stat name={text.last} value={sink.lastAcceptedMs === null ? "–" : ago(sink.lastAcceptedMs, nowMs)} />
      </dl>
      <div class="row wrap letters">
        <strong>{sink.deadLetters === 0 ? text.noLetters : text.letters(sink.deadLetters)}</strong>
        {sink.deadLetters > 0 && (
          <button
            type="button"
            class="button small"
            aria-expanded={showsLetters.value}
            onClick={() => {
              showsLetters.value = !showsLetters.value;
            }}
          >
            {showsLetters.value ? text.hideLetters : text.showLetters}
          </button>
        )}
      </div>
      {sink.deadLetters > 0 && showsLetters.value && <DeadLetters sink={sink} />}
    </section>
  );
}

function Trouble({ sink }: { readonly sink: SinkRow }) {
  const { sinks: text } = words.value;
  const { state, message, reason, httpStatus, action } = sink;
  return (
    <div class={`trouble tone-${lookOfSink[state].tone}`}>
      {message !== null && state !== "removed" && (
        <p>
          <span class="muted">{text.says}</span> <bdi>{plain(message)}</bdi>{" "}
          <code>{[httpStatus, reason].filter((part) => part !== null).join(" ")}</code>
        </p>
      )}
      {action !== null && (
        <p>
          <span class="muted">{text.action}</span> {text.actionFor(sink, plain(action))}
        </p>
      )}
    </div>
  );
}

const Stat = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd class="numbers">{value}</dd>
  </div>
);

function nextAttempt({ pending, nextAttemptAt }: SinkRow, nowMs: number): string {
  const { sinks: text, inTime } = words.value;
  if (pending === 0) return "–";
  const waitMs = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - nowMs;
  return waitMs > 0 ? inTime(roughSpan(waitMs)) : text.nextNow;
}

/** A sink that refuses everything gets one probe a run, unless it asked for a pause: then none until its end. */
function breakerOf({ state, nextAttemptAt }: SinkRow, nowMs: number): string {
  const { breakers } = words.value.sinks;
  if (state === "removed") return "–";
  if (state === "healthy" || state === "retrying") return breakers.closed;
  return nextAttemptAt !== null && Date.parse(nextAttemptAt) > nowMs ? breakers.open : breakers.halfOpen;
}
