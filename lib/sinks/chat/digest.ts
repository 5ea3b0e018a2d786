import type { CloudEvent } from "../../change/event.ts";
import type { EventKind } from "../../change/kind.ts";
import {
  type Card,
  type CardStyle,
  durationOf,
  instanceText,
  kindOf,
  looks,
  placeOf,
  titleOf,
} from "./card.ts";
import { name } from "./sanitize.ts";
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

/** Characters of a task's id in a line: enough to tell it from the others. */
const idCharacters = 6;

/**
 * One card for many changes: a count per kind, then a line per change, grouped by instance. The most urgent change and
 * the instance that has it come first.
 */
export function digestOf(events: readonly CloudEvent[], style: CardStyle): Card {
  const { language } = style;
  const text = words[language];
  const sorted = events.toSorted(
    (a, b) =>
      byUrgency.indexOf(kindOf(a)) - byUrgency.indexOf(kindOf(b)) || a.time.localeCompare(b.time, "en"),
  );
  const counted = Map.groupBy(sorted, kindOf);
  const [worst = "unknown"] = counted.keys();
  const counts = Array.from(counted, ([kind, { length }]) => text.count(kind, length));
  const title = `${style.titlePrefix}${text.digest(events.length, counts)}`;
  const groups = Map.groupBy(sorted, (event) => `${instanceText(event)} · ${placeOf(event)}`);
  const places = [...groups.keys()];
  const subtitle = [
    ...places.slice(0, maxPlaces),
    ...(places.length > maxPlaces ? [text.more(places.length - maxPlaces)] : []),
  ].join(", ");
  const lines = Array.from(groups, ([group, changes]) =>
    changes.map((event) => ({
      label: `${looks[kindOf(event)].glyph} ${titleOf(event, language)}`,
      value: lineOf(event, language),
      ...(places.length > 1 && { group }),
    })),
  ).flat();
  return {
    tone: looks[worst].tone,
    glyph: looks[worst].glyph,
    title,
    subtitle,
    transition: "",
    body: [],
    facts: lines.slice(0, maxLines),
    hidden: Math.max(0, lines.length - maxLines),
    links: [],
    footer: "",
    plainText: `${looks[worst].glyph} ${title} · ${subtitle}`,
  };
}

/** `Took 13 s · lin.wei · 000067`. */
function lineOf(event: CloudEvent, language: CardStyle["language"]): string {
  const { task } = event.data;
  const id = name(task.id);
  return [
    durationOf(event, words[language]),
    name(task.user.name ?? task.user.id ?? ""),
    id.slice(-idCharacters),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The digest for a platform that draws no groups: each line names its instance. */
export const withoutGroups = (digest: Card): Card => ({
  ...digest,
  facts: digest.facts.map(({ group, ...fact }) =>
    group === undefined ? fact : { ...fact, value: `${group.split(" · ")[0]} · ${fact.value}` },
  ),
});
