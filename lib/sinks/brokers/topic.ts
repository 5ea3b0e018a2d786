import type { CloudEvent } from "../../change/event.ts";

const values: Readonly<Record<string, (event: CloudEvent) => string>> = {
  engine: ({ data }) => data.instance.engine,
  region: ({ data }) => data.instance.region,
  instance: ({ data }) => data.instance.instanceId,
  task: ({ subject }) => subject,
  name: ({ data }) => data.task.name,
  status: ({ data }) => data.change.to,
};

/** Every `{…}` that a template may hold, for a message to the operator. */
export const placeholders = Object.keys(values)
  .map((name) => `{${name}}`)
  .join(", ");

const placeholder = /\{(\w+)\}/g;

/** A template with a letter for each placeholder, to judge its form by; null when one of them is unknown. */
export function sampleTopic(template: string): string | null {
  const names = [...template.matchAll(placeholder)].map(([, name = ""]) => name);
  const sample = template.replace(placeholder, "x");
  return names.every((name) => Object.hasOwn(values, name)) && !/[{}]/.test(sample) ? sample : null;
}

/** The template with an event's values. Each is one token: what could part or match several becomes `_`. */
export const filledTopic = (template: string, event: CloudEvent): string =>
  template.replace(placeholder, (_, name: string) => token(values[name]?.(event) ?? ""));

/** The API's names and ids are foreign text, and a subject's or a topic's punctuation has meaning. */
const token = (text: string): string => text.replace(/[^A-Za-z0-9_-]/gu, "_") || "_";
