import type { FlowBucket } from "../../protocol.ts";
import { serverNow } from "../state.ts";

/** Intervals shown. */
export const intervals = 60;
const height = 44;
const gap = 1;
const barWidth = 5;

/** Accepted and failed attempts by interval: failed ones stand on top, hatched, so that they differ without colour. */
export function Sparkline({
  flow,
  bucketMs,
  label,
}: {
  readonly flow: readonly FlowBucket[];
  readonly bucketMs: number;
  readonly label: string;
}) {
  const last = Math.floor(serverNow() / bucketMs) * bucketMs;
  const first = last - (intervals - 1) * bucketMs;
  const shown = flow.filter(({ startMs }) => startMs >= first);
  const most = Math.max(4, ...shown.map(({ accepted, failed }) => accepted + failed));
  const sums = shown.reduce(
    (sum, { accepted, failed }) => ({ accepted: sum.accepted + accepted, failed: sum.failed + failed }),
    { accepted: 0, failed: 0 },
  );
  const width = intervals * (barWidth + gap);
  return (
    <figure class="sparkline">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${sums.accepted} / ${sums.failed}`}
      >
        <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
        {shown.map(({ startMs, accepted, failed }) => {
          const x = ((startMs - first) / bucketMs) * (barWidth + gap);
          const [okHeight, failedHeight] = [accepted, failed].map((value) => (value / most) * (height - 4));
          return (
            <g key={startMs}>
              <rect class="ok" x={x} y={height - (okHeight ?? 0)} width={barWidth} height={okHeight} />
              <rect
                class="fail"
                x={x}
                y={height - (okHeight ?? 0) - (failedHeight ?? 0)}
                width={barWidth}
                height={failedHeight}
              />
            </g>
          );
        })}
      </svg>
      <figcaption class="muted">{label}</figcaption>
    </figure>
  );
}
