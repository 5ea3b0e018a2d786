/** Far more than a queue brings to one container while a sink fails. */
const maxEvents = 10_000;

/** How often each event was tried by this container and not taken. A queue counts receives only. */
export class Tries {
  /** Tried longest ago first. */
  readonly #byEvent = new Map<string, number>();

  /** Undefined where this container has not tried it. */
  of(event: string): number | undefined {
    return this.#byEvent.get(event);
  }

  note(event: string, tries: number): void {
    this.#byEvent.delete(event);
    this.#byEvent.set(event, tries);
    const [oldest] = this.#byEvent.keys();
    if (this.#byEvent.size > maxEvents && oldest !== undefined) this.#byEvent.delete(oldest);
  }

  forget(event: string): void {
    this.#byEvent.delete(event);
  }
}
