import type { CloudEvent, EventKind } from "../../change/event.ts";
import {
  type Card,
  type CardStyle,
  instanceText,
  kindOf,
  looks,
  name,
  titleOf,
  transitionOf,
} from "./card.ts";
import { words } from "./text.ts";

const maxLines = 40;
const maxPlaces = 3;

/** Event kinds, most urgent first. */
const byUrgency: readonly EventKind[] = [
  "unreadable",
  "failed",
  "overdue",
  "vanished",
  "unknown",
  "cancelled",
  "deleted",
  "recovered",
  "succeeded",
  "executing",
  "created",
];

/** One card for many changes: a count per kind, then one line per change, the most urgent first. */
export function digestOf(events: readonly CloudEvent[], style: CardStyle): Card {
  const text = words[style.language];
  const sorted = events.toSorted(
    (a, b) =>
      byUrgency.indexOf(kindOf(a)) - byUrgency.indexOf(kindOf(b)) || a.time.localeCompare(b.time, "en"),
  );
  const counted = Map.groupBy(sorted, kindOf);
  const [worst = "unknown"] = counted.keys();
  const counts = Array.from(counted, ([kind, { length }]) => text.count(kind, length));
  const title = `${style.titlePrefix}${text.digest(events.length, counts)}`;
  const places = [
    ...new Set(sorted.map((event) => `${event.data.instance.engine} · ${instanceText(event)}`)),
  ];
  const subtitle = [
    ...places.slice(0, maxPlaces),
    ...(places.length > maxPlaces ? [text.more(places.length - maxPlaces)] : []),
  ].join(", ");
  return {
    tone: looks[worst].tone,
    glyph: looks[worst].glyph,
    title,
    subtitle,
    transition: "",
    body: [],
    facts: sorted.slice(0, maxLines).map((event) => ({
      label: `${looks[kindOf(event)].glyph} ${titleOf(event, text)}`,
      value: [
        ...(places.length > 1 ? [instanceText(event)] : []),
        transitionOf(event, text),
        text.task(name(event.data.task.id)),
      ].join(" · "),
    })),
    hidden: Math.max(0, sorted.length - maxLines),
    links: [],
    footer: "",
    plainText: `${looks[worst].glyph} ${title} · ${subtitle}`,
  };
}
