/** Maximum events remembered; far more than one container receives while a sink fails. */
const maxEvents = 10_000;

/** Failed attempts per event in this container. The queue only counts receives. */
export class Tries {
  /** Ordered by last attempt, oldest first. */
  readonly #byEvent = new Map<string, number>();

  /** Undefined when this container has not tried the event. */
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
