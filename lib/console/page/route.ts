import { computed, signal } from "@preact/signals";

export const views = ["timeline", "events", "sinks", "streams"] as const;
/** A page of the console. */
export type View = (typeof views)[number];

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

const parts = computed(() => {
  const [path = "", query = ""] = hash.value.replace(/^#\/?/, "").split("?");
  return { path, query: new URLSearchParams(query) };
});

export const view = computed<View>(() => views.find((each) => each === parts.value.path) ?? "timeline");
/** Key of the task whose story is open; null when none is. */
export const openTask = computed(() => parts.value.query.get("task"));

export const linkTo = (to: View, task?: string | null): string =>
  task ? `#/${to}?task=${encodeURIComponent(task)}` : `#/${to}`;

export function showTask(key: string | null): void {
  location.hash = linkTo(view.peek(), key);
}
