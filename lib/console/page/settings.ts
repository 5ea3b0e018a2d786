import { computed, effect, signal } from "@preact/signals";
import type { Language } from "../../sinks/chat/text.ts";
import { chinese } from "./words/chinese.ts";
import { english, type PageWords } from "./words/english.ts";

/** The page's colours; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const stored = <Value extends string>(key: string, values: readonly Value[], initial: Value) => {
  const found = values.find((value) => value === localStorage.getItem(key)) ?? initial;
  const value = signal(found);
  effect(() => localStorage.setItem(key, value.value));
  return value;
};

export const language = stored<Language>(
  "language",
  ["en", "zh"],
  navigator.language.startsWith("zh") ? "zh" : "en",
);
export const theme = stored<Theme>("theme", ["auto", "light", "dark"], "auto");

export const words = computed<PageWords>(() => (language.value === "zh" ? chinese : english));

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", ({ matches }) => {
  systemDark.value = matches;
});
export const isDark = computed(() => (theme.value === "auto" ? systemDark.value : theme.value === "dark"));

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
});
