import process from "node:process";
import type { Random } from "../../../../lib/core/clock.ts";
import { nameOf } from "../../../../lib/core/errors.ts";
import { seededRandom } from "../../../../lib/simulator/random.ts";
import { environment } from "../../../harness/dynamodb.ts";
import { contextOf, type QueueHandler } from "../event-source.ts";
import type { Judge } from "./judge.ts";

/** The functions of a fleet: their entry points in functions/, which the build bundles. */
export type FunctionName = "plan" | "shard" | "deliver";
type Variables = Readonly<Record<string, string>>;

/** A function's container: its own module, environment, access key and dice. */
export interface Container {
  readonly id: string;
  readonly random: Random;
  isDead: boolean;
  /** Null when the invocation failed, or the container was killed in it. */
  invoke(event: unknown): Promise<unknown>;
}

/** What a function may reject with, so that the platform counts a failure. */
const expected: ReadonlySet<string> = new Set(["RunFailed", "StoreError", "AwsError"]);

let made = 0;

/** Containers by their access keys. */
export class Containers {
  readonly #seed: number;
  readonly #judge: Judge;
  readonly #byId = new Map<string, Container>();
  #loaded: Promise<unknown> = Promise.resolve();

  constructor(seed: number, judge: Judge) {
    this.#seed = seed;
    this.#judge = judge;
  }

  /** The container that makes a call with this access key. */
  of(id: string): Container {
    const found = this.#byId.get(id);
    if (!found) throw new Error(`no container ${id}`);
    return found;
  }

  /** Loads a function anew, as a cold start does; `as` another, it is that one with its memory lost. */
  start(name: FunctionName, variables: Variables, as?: Container): Promise<Container> {
    // One after the other: a module takes the environment of its process as it is loaded.
    this.#loaded = this.#loaded.then(() => this.#load(name, variables, as));
    return this.#loaded as Promise<Container>;
  }

  async #load(name: FunctionName, variables: Variables, as?: Container): Promise<Container> {
    const id = as?.id ?? `AKID${this.#byId.size}`;
    made += 1;
    const { env } = process;
    process.env = { ...environment, ...variables, AWS_ACCESS_KEY_ID: id, CONTAINER: id };
    const path = `../../../../functions/${name}.ts?container=${made}`;
    const { handler } = (await import(path)) as { readonly handler: QueueHandler<unknown, unknown> };
    process.env = env;
    const container: Container = {
      id,
      random: as?.random ?? seededRandom(this.#seed * 10_007 + this.#byId.size),
      isDead: false,
      invoke: async (event) => {
        const answer = await handler(event, contextOf(name)).catch((error: unknown) => {
          if (!expected.has(nameOf(error))) this.#judge.defect(`${name}: ${nameOf(error)}`);
          return null;
        });
        return container.isDead ? null : answer;
      },
    };
    this.#byId.set(id, container);
    return container;
  }
}
