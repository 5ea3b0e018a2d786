import type { StreamRow } from "../../protocol.ts";
import { ago, count, dayTime, plain, roughSpan, span } from "../format.ts";
import { Empty, Pill } from "../parts.tsx";
import { words } from "../settings.ts";
import { now, streams } from "../state.ts";
import { lookOfSink } from "../status.ts";

/** Every watched instance: when it was read last, and how far behind it is. */
export function StreamsView() {
  const { streams: text, empty, views } = words.value;
  const rows = streams.value;
  return (
    <div class="card">
      {rows.length === 0 ? (
        <Empty title={empty.streams} text={empty.streamsText} />
      ) : (
        <section class="table-scroll" tabIndex={0} aria-label={views.streams}>
          <table class="table streams">
            <thead>
              <tr>
                <th>{text.instance}</th>
                <th>{text.state}</th>
                <th class="right">{text.polled}</th>
                <th class="right" title={text.lagHint}>
                  {text.lag}
                </th>
                <th class="right">{text.open}</th>
                <th class="right">{text.pending}</th>
                <th class="right">{text.calls}</th>
                <th class="right">{text.errors}</th>
                <th class="right">{text.watermark}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((stream) => (
                <Row key={stream.key} stream={stream} nowMs={now.value} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Row({ stream, nowMs }: { readonly stream: StreamRow; readonly nowMs: number }) {
  const { streams: text, sinks } = words.value;
  const { error, polledAtMs, lagMs, watermarkMs, calls, errors } = stream;
  return (
    <tr>
      <th scope="row">
        <bdi>{plain(stream.name ?? stream.instance)}</bdi>
        <span class="sub muted">
          {stream.engine} · {plain(stream.region)} · <code>{plain(stream.instance.slice(0, 8))}</code>
        </span>
      </th>
      <td class="wide">
        {error ? (
          <>
            <Pill look={lookOfSink.failing}>{text.failing}</Pill>{" "}
            <span class="muted numbers">
              {error.since === null ? "" : sinks.since(roughSpan(nowMs - Date.parse(error.since)))}
            </span>
            <span class="said">
              {plain(error.message)}{" "}
              <code>{[error.httpStatus, error.code].filter((part) => part !== null).join(" ")}</code>
            </span>
          </>
        ) : polledAtMs === null ? (
          <span class="muted">{text.idle}</span>
        ) : (
          <Pill look={lookOfSink.healthy}>{text.ok}</Pill>
        )}
      </td>
      <td class="right numbers">{polledAtMs === null ? "–" : ago(polledAtMs, nowMs)}</td>
      <td class="right numbers">{lagMs === null ? "–" : span(lagMs)}</td>
      <td class="right numbers">{count(stream.open)}</td>
      <td class="right numbers">{count(stream.pending)}</td>
      <td class="right numbers">{calls === null ? "–" : count(calls)}</td>
      <td class="right numbers">{errors === null ? "–" : count(errors)}</td>
      <td class="right numbers muted">{watermarkMs === null ? "–" : dayTime(watermarkMs)}</td>
    </tr>
  );
}
