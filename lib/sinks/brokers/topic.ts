import type { CloudEvent } from "../../change/event.ts";

const values: Readonly<Record<string, (event: CloudEvent) => string>> = {
  engine: ({ data }) => data.instance.engine,
  region: ({ data }) => data.instance.region,
  instance: ({ data }) => data.instance.instanceId,
  task: ({ subject }) => subject,
  name: ({ data }) => data.task.name,
  status: ({ data }) => data.change.to,
};

/** All placeholders that a template may hold, for an error message. */
export const placeholders = Object.keys(values)
  .map((name) => `{${name}}`)
  .join(", ");

const placeholder = /\{(\w+)\}/g;

/** The template with a sample character per placeholder, to check its form; null when a placeholder is unknown. */
export function sampleTopic(template: string): string | null {
  const names = [...template.matchAll(placeholder)].map(([, name = ""]) => name);
  const sample = template.replace(placeholder, "x");
  return names.every((name) => Object.hasOwn(values, name)) && !/[{}]/.test(sample) ? sample : null;
}

/** Fills the template with an event's values. Each value is one token: separators and wildcards become `_`. */
export const filledTopic = (template: string, event: CloudEvent): string =>
  template.replace(placeholder, (_, name: string) => token(values[name]?.(event) ?? ""));

/** The API's names and ids come from outside, and punctuation has meaning in a subject or topic. */
const token = (text: string): string => text.replace(/[^A-Za-z0-9_-]/gu, "_") || "_";
