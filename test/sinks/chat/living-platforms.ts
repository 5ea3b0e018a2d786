import type { Reply } from "../../../lib/simulator/receiver.ts";
import { parseJson } from "../../../lib/text/json.ts";
import { answers, type ChatAnswering, type Heard, json, slackChannel, telegramChat } from "./platforms.ts";

export const livingTypes = ["discord", "slackapp", "telegram", "feishuapp"] as const;
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
  readonly answering: ChatAnswering;
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
  /** What makes a post a repeat of an earlier one, where the platform knows such a thing. */
  readonly repeatOf?: (heard: Heard) => string | undefined;
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
  feishuapp: {
    wishOf: ({ method, url }) => {
      const [, id, isReply] = url.pathname.match(/\/im\/v1\/messages\/(\w+)(\/reply)?$/) ?? [];
      if (id && method === "PATCH") return { kind: "edit", id };
      return { kind: "post", below: id && isReply ? id : null };
    },
    accepted: (message_id) => json({ code: 0, msg: "success", data: { message_id } }),
    gone: () => json({ code: 230011, msg: "The message is recalled." }, 400),
    idOf: (number) => `om_dc1326452039291${number}`,
    repeatOf: ({ text }) => (JSON.parse(text) as { uuid?: string }).uuid,
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
  const { wishOf, accepted, gone, idOf, repeatOf } = habits[type];
  const byRepeat = new Map<string, string>();
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
      const repeat = repeatOf?.(heard) ?? `post ${messages.length}`;
      const before = byRepeat.get(repeat);
      if (before !== undefined) return accepted(before);
      const message = { id: idOf(messages.length + 1), text: heard.text, below: wish.below, edits: 0 };
      byRepeat.set(repeat, message.id);
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
