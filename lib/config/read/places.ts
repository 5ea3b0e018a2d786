import { isMap, isScalar, isSeq, type Node } from "yaml";
import { ConfigError, type ConfigIssue } from "../../core/errors.ts";
import { fieldName, type Path } from "../path.ts";
import { excerptOf } from "./excerpt.ts";
import { literalSpots, type Spot } from "./module-places.ts";
import type { TextSource } from "./text-source.ts";
import { aliasTargets, documentOf, isMerge } from "./yaml.ts";

/** Larger or deeper files than any real configuration get no positions. */
const maxValues = 50_000;
const maxDepth = 64;
/** More would not be read, and each takes a pass over the file. */
const maxExcerpts = 100;

/**
 * Position of each issue's field as `file:line:column`, or the file where it is not known; for a missing field, that of
 * its parent.
 */
function placesOf(issues: readonly ConfigIssue[], source: TextSource): readonly (string | null)[] {
  if (issues.every(({ field }) => field === source.name)) return issues.map(() => null);
  const spots = source.format === "module" ? literalSpots(source.text) : documentSpots(source);
  return issues.map(({ field, found }) => {
    if (field === source.name) return null;
    const spot = nearest(spots, field);
    if (spot === undefined) return source.name;
    const isKey = /\b(?:key|name)\b/.test(found);
    const before = source.text.slice(0, isKey ? spot.key : spot.value).split("\n");
    return `${source.name}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
  });
}

function documentSpots(source: TextSource): ReadonlyMap<string, Spot> {
  const { document } = documentOf(source);
  const spots = new Map<string, Spot>();
  const begin = offsetOf(document.contents) ?? 0;
  collect(aliasTargets(document), document.contents, [], { key: begin, value: begin }, spots);
  return spots;
}

/** An error with each issue's place and line. A syntax error has its place in its field. */
export function placed(error: ConfigError, source: TextSource): ConfigError {
  const { issues, cause } = error;
  const isSyntax = (field: string): boolean => /:\d+:\d+$/.test(field) && field.startsWith(`${source.name}:`);
  const places = issues.some(({ field }) => isSyntax(field))
    ? issues.map(() => null)
    : placesOf(issues, source);
  const excerpts = issues.map(({ field, found }, index) => {
    const [, line, column] = /:(\d+):(\d+)$/.exec(places[index] ?? (isSyntax(field) ? field : "")) ?? [];
    if (line === undefined || index >= maxExcerpts) return null;
    return excerptOf(source.text, Number(line), Number(column), found);
  });
  return new ConfigError(issues, { cause, places, excerpts });
}

function collect(
  targets: ReadonlyMap<unknown, Node>,
  node: unknown,
  path: Path,
  spot: Spot,
  spots: Map<string, Spot>,
): void {
  const field = fieldName(path);
  if (spots.size >= maxValues || path.length > maxDepth) return;
  // Own keys override merged ones.
  if (!spots.has(field)) spots.set(field, spot);
  const target = targets.get(node) ?? node;
  if (isSeq(target)) {
    for (const [index, item] of target.items.entries()) {
      collect(targets, item, [...path, index], spotOf(item, item), spots);
    }
  }
  if (!isMap(target)) return;
  for (const { key, value } of target.items) {
    if (isScalar(key) && !isMerge(key))
      collect(targets, value, [...path, String(key.value)], spotOf(key, value), spots);
  }
  for (const { key, value } of target.items) {
    if (!isMerge(key)) continue;
    for (const merged of isSeq(value) ? value.items : [value])
      collect(targets, merged, path, spotOf(key, merged), spots);
  }
}

const offsetOf = (node: unknown): number | null => (node as Node | null)?.range?.[0] ?? null;

const spotOf = (key: unknown, value: unknown): Spot => {
  const begin = offsetOf(key) ?? offsetOf(value) ?? 0;
  return { key: begin, value: offsetOf(value) ?? begin };
};

function nearest(spots: ReadonlyMap<string, Spot>, field: string): Spot | undefined {
  let at = field;
  while (at !== "") {
    const spot = spots.get(at);
    if (spot) return spot;
    at = at.slice(0, Math.max(0, at.lastIndexOf("."), at.lastIndexOf("[")));
  }
  return spots.get("configuration");
}
