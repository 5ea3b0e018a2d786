import { createHash, randomBytes } from "node:crypto";
import type { CloudEvent } from "../change/event.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import type { SinkName } from "../core/names.ts";
import { messagePage } from "../preview/page.ts";
import { isPlatformType } from "../preview/platforms.ts";
import { albumOf, sampleSubject } from "../preview/preview.ts";
import type { Language } from "../sinks/chat/text.ts";
import { fieldsOf } from "../text/json.ts";

/** Drawn messages that wait for their frame. */
const maxWaiting = 16;

/** A drawn message as its frame gets it. */
export interface DrawnMessage {
  readonly html: string;
  /** Allows this page's own styles by their hashes, and nothing else. */
  readonly policy: string;
}

/** Draws chat messages. Each is handed out once, by an address that nobody can guess, because a frame sends no token. */
export class MessageFrames {
  readonly #sinks: ReadonlyMap<SinkName, LoadedSink>;
  readonly #waiting = new Map<string, DrawnMessage>();

  constructor(sinks: ReadonlyMap<SinkName, LoadedSink>) {
    this.#sinks = sinks;
  }

  /**
   * Draws an event's message as a configured chat sink sends it, or as a type of chat sink would. Returns the frame's
   * id; null when there is no such sink or type.
   */
  async draw(event: CloudEvent, sink: string, language: Language): Promise<string | null> {
    const subject = await this.#subject(sink, language);
    if (!subject) return null;
    const album = await albumOf(subject, [{ name: "", events: [event] }]);
    const html = messagePage(album);
    const id = randomBytes(18).toString("base64url");
    this.#waiting.set(id, { html, policy: policyFor(html) });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > maxWaiting && oldest !== undefined) this.#waiting.delete(oldest);
    return id;
  }

  take(id: string): DrawnMessage | null {
    const drawn = this.#waiting.get(id) ?? null;
    this.#waiting.delete(id);
    return drawn;
  }

  async #subject(name: string, language: Language) {
    const configured = this.#sinks.get(name as SinkName);
    if (configured && isPlatformType(configured.type)) {
      const { type, module, options } = configured;
      return { name: name as SinkName, type, module, options: fieldsOf(options) };
    }
    return isPlatformType(name) ? sampleSubject(name, language) : null;
  }
}

function policyFor(html: string): string {
  const blocks = Array.from(html.matchAll(/<style>([\s\S]*?)<\/style>/g), ([, css = ""]) => css);
  const attributes = Array.from(html.matchAll(/ style="([^"]*)"/g), ([, css = ""]) => css);
  const hashes = new Set([...blocks, ...attributes].map(hashOf));
  return [
    "default-src 'none'",
    `style-src 'unsafe-hashes' ${[...hashes].join(" ")}`,
    "sandbox allow-same-origin",
    "frame-ancestors 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const hashOf = (css: string): string => `'sha256-${createHash("sha256").update(css).digest("base64")}'`;
