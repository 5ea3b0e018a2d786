import type { CloudEvent } from "../../lib/change/event.ts";

/** A delivery that the receiver accepted. */
export interface Acceptance {
  readonly event: CloudEvent;
  readonly body: string;
}

export interface Evidence {
  /** In order of arrival. */
  readonly accepted: readonly Acceptance[];
  /** Task to the statuses it was given, in order. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Of the changes that the store held after some kill: a poll had seen them. */
  readonly seen: Iterable<string>;
}

/** What a change is called here: its task and the status it led to. */
export const changeName = (task: string, status: string): string => `${task} ${status}`;

const nameOf = ({ subject, data }: CloudEvent): string => changeName(subject, data.change.to);

/** What breaks a promise, a sentence each; none when all hold. */
export function findings({ accepted, given, seen }: Evidence): readonly string[] {
  const bodies = new Map<string, string>();
  const first: CloudEvent[] = [];
  const found: string[] = [];
  for (const { event, body } of accepted) {
    const before = bodies.get(event.id);
    if (before === undefined) {
      bodies.set(event.id, body);
      first.push(event);
    } else if (before !== body) found.push(`repeated with other bytes: ${event.id}`);
  }
  const names = first.map(nameOf);
  const arrived = new Set(names);
  for (const name of arrived) {
    if (names.filter((other) => other === name).length > 1) found.push(`told under two ids: ${name}`);
  }
  for (const name of seen) if (!arrived.has(name)) found.push(`seen by a poll and lost: ${name}`);
  for (const [task, statuses] of given) {
    const last = changeName(task, statuses.at(-1) ?? "");
    if (!arrived.has(last)) found.push(`the last status never arrived: ${last}`);
    const order = first
      .filter(({ subject }) => subject === task)
      .map(({ data }) => statuses.indexOf(data.change.to));
    if (order.some((place, index) => place <= (order[index - 1] ?? -1))) {
      found.push(`out of order, or never given: ${task}`);
    }
  }
  return found;
}
