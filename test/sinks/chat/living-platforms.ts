import { parseJson } from "../../../lib/json.ts";
import type { Reply } from "../../../lib/simulator/receiver.ts";
import { type Answering, answers, type Heard, json, slackChannel, telegramChat } from "./platforms.ts";

export const livingTypes = ["discord", "slackapp", "telegram"] as const;
export type LivingType = (typeof livingTypes)[number];

export interface Posted {
  readonly id: string;
  /** What it shows now. */
  text: string;
  /** The message it answers; null for one in the channel itself. */
  readonly below: string | null;
  edits: number;
}

/** A platform with a memory: what its readers see, and what happens to a message behind the sink's back. */
export interface LivingEmulator {
  readonly answering: Answering;
  /** In the order in which they were posted. */
  readonly messages: readonly Posted[];
  remove(index: number): void;
}

/** What a request wants of a platform. */
type Wish =
  | { readonly kind: "post"; readonly below: string | null }
  | { readonly kind: "edit"; readonly id: string }
  /** No message: a token, or nonsense. */
  | { readonly kind: "other" };

interface Habits {
  wishOf(heard: Heard): Wish;
  accepted(id: string): Reply;
  /** The message to change or to answer is not there. */
  gone(heard: Heard): Reply;
  idOf(number: number): string;
}

const habits: Readonly<Record<LivingType, Habits>> = {
  discord: {
    wishOf: ({ method, url }) => {
      const id = url.pathname.match(/\/messages\/(\w+)$/)?.[1];
      return id && method === "PATCH" ? { kind: "edit", id } : { kind: "post", below: null };
    },
    accepted: (id) => json({ id, type: 0, content: "", embeds: [] }),
    gone: () => json({ message: "Unknown Message", code: 10008 }, 404),
    idOf: (number) => String(1_100_000_000_000_000_000n + BigInt(number)),
  },
  telegram: {
    wishOf: ({ url, text }) => {
      const { message_id: id, reply_parameters: reply } = JSON.parse(text) as {
        message_id?: number;
        reply_parameters?: { message_id: number };
      };
      if (url.pathname.endsWith("/editMessageText")) return { kind: "edit", id: String(id) };
      return { kind: "post", below: reply ? String(reply.message_id) : null };
    },
    accepted: (id) =>
      json({ ok: true, result: { message_id: Number(id), chat: { id: Number(telegramChat) }, text: "" } }),
    gone: ({ url }) => {
      const what = url.pathname.endsWith("/editMessageText") ? "edit" : "be replied";
      return json(
        { ok: false, error_code: 400, description: `Bad Request: message to ${what} not found` },
        400,
      );
    },
    idOf: String,
  },
  slackapp: {
    wishOf: ({ url, text }) => {
      const { ts, thread_ts: below = null } = JSON.parse(text) as { ts?: string; thread_ts?: string };
      if (url.pathname.endsWith("/chat.update")) return { kind: "edit", id: ts ?? "" };
      return { kind: "post", below };
    },
    accepted: (ts) => json({ ok: true, channel: slackChannel, ts }),
    gone: () => json({ ok: false, error: "message_not_found" }),
    idOf: (number) => `17672256${number + 10}.000100`,
  },
};

/** A platform that judges each body as its stateless self does, and remembers. */
export function livingEmulator(type: LivingType): LivingEmulator {
  const { wishOf, accepted, gone, idOf } = habits[type];
  const messages: Posted[] = [];
  const kept = new Map<string, Posted>();
  return {
    messages,
    remove: (index) => void kept.delete(messages[index]?.id ?? ""),
    answering: (heard) => {
      const judged = answers[type](heard);
      const wish = wishOf(heard);
      if (wish.kind === "other" || isRefused(judged)) return judged;
      if (wish.kind === "edit") {
        const message = kept.get(wish.id);
        if (!message) return gone(heard);
        message.text = heard.text;
        message.edits += 1;
        return accepted(message.id);
      }
      if (wish.below !== null && !kept.has(wish.below)) return gone(heard);
      const message = { id: idOf(messages.length + 1), text: heard.text, below: wish.below, edits: 0 };
      messages.push(message);
      kept.set(message.id, message);
      return accepted(message.id);
    },
  };
}

const isRefused = ({ status = 200, body }: Reply): boolean => {
  const { ok, code } = Object(parseJson(typeof body === "string" ? body : "")) as {
    ok?: unknown;
    code?: unknown;
  };
  return status !== 200 || ok === false || (typeof code === "number" && code !== 0);
};
