import type { Look } from "../status.ts";

const names = [
  "surface",
  "raised",
  "line",
  "line-strong",
  "text",
  "muted",
  "accent",
  "run",
  "ok",
  "fail",
  "warn",
  "off",
  "odd",
  "run-soft",
  "ok-soft",
  "fail-soft",
  "warn-soft",
  "off-soft",
  "odd-soft",
  "on-tone",
] as const;

/** The style sheet's colours, for the canvas. */
export type Palette = Readonly<Record<(typeof names)[number], string>> & { readonly font: string };

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...colours, font: getComputedStyle(document.body).fontFamily } as Palette;
}

export const softOf = (tone: Look["tone"]): `${Look["tone"]}-soft` => `${tone}-soft`;
