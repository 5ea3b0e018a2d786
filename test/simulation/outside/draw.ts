import type { Fault } from "./faults.ts";
import type { Random } from "./life.ts";

/** Draws a history; a fault that is not enabled is drawn all the same and left out, so that a seed stays what it is. */
export class Draw {
  readonly random: Random;
  readonly #enabled: ReadonlySet<Fault>;

  constructor(random: Random, enabled: ReadonlySet<Fault>) {
    this.random = random;
    this.#enabled = enabled;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  fault(fault: Fault, share: number): boolean {
    return this.random() < share && this.#enabled.has(fault);
  }

  between(least: number, most: number): number {
    return Math.floor(least + this.random() * (most - least));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length)] as Item;
  }

  trouble<Kind extends Fault>(kinds: readonly Kind[]): Kind | null {
    const kind = this.pick(kinds);
    return this.#enabled.has(kind) ? kind : null;
  }
}
