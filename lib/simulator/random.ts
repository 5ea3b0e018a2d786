import type { Random } from "../core/clock.ts";

/** Reproducible random numbers from a seed (mulberry32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 32 hex digits, the form of task and request ids. */
export const hexId = (random: Random): string =>
  Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");

/** A number from `least` up to, but not including, `most`. */
export const between = (random: Random, least: number, most: number): number =>
  Math.floor(least + random() * (most - least));

/** One of the items, with equal probability. */
export const pick = <Items extends readonly [unknown, ...unknown[]]>(
  random: Random,
  items: Items,
): Items[number] => items[Math.floor(random() * items.length)];
