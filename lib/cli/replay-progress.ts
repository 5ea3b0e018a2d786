import { hash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fieldsOf, parseJson } from "../text/json.ts";
import type { ReplayRequest } from "../wire/replay.ts";
import { usageError } from "./errors.ts";

/**
 * Which events an interrupted replay had delivered: a file beside the configuration, named by the command's options, so
 * that the same command continues with the same span. It is deleted when nothing is left.
 */
export class ReplayProgress {
  readonly #file: string;
  readonly #accepted = new Set<string>();
  #begun: Readonly<Record<string, unknown>> | null = null;

  /** Reads what is kept for a replay with these options. */
  constructor(folder: string, options: readonly (string | null)[]) {
    const id = hash("sha256", JSON.stringify(options)).slice(0, 12);
    this.#file = path.join(folder, `.replay-${id}.jsonl`);
    if (!existsSync(this.#file)) return;
    const [head = "", ...lines] = readFileSync(this.#file, "utf8").split("\n");
    this.#begun = fieldsOf(parseJson(head));
    for (const line of lines) {
      const accepted = parseJson(line);
      // The last line may be cut by a crash.
      if (typeof accepted === "string") this.#accepted.add(accepted);
    }
  }

  /** The request that the replay began with; `fresh` for a new one. */
  request(fresh: ReplayRequest): ReplayRequest {
    const { sinceMs, untilMs } = this.#begun ?? {};
    return typeof sinceMs === "number" && typeof untilMs === "number"
      ? { ...fresh, sinceMs, untilMs }
      : fresh;
  }

  has(eventId: string): boolean {
    return this.#accepted.has(eventId);
  }

  /** @throws ConfigError when nothing can be kept there: then nothing may be sent */
  begin(request: ReplayRequest): void {
    // A crash may have cut the last line.
    this.#append(this.#begun ? "" : JSON.stringify(request));
  }

  /** Notes an accepted event. @throws ConfigError */
  note(eventId: string): void {
    this.#append(JSON.stringify(eventId));
  }

  end(): void {
    rmSync(this.#file, { force: true });
  }

  #append(line: string): void {
    try {
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      const expected = "a writable folder of the configuration, for the progress of the replay";
      throw usageError("replay", expected, String(error.code));
    }
  }
}
