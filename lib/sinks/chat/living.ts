import * as v from "valibot";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import { described } from "../../options/fields.ts";
import { guardedAgent } from "../http/agent.ts";
import { urlSecrets } from "../http/known-secrets.ts";
import { post } from "../http/post.ts";
import type { ResponseContext, SinkResponse } from "../http/response.ts";
import type { DeliverOptions, Sink, SinkDeps } from "../sink.ts";
import type { Card } from "./card.ts";
import type { ChatOptions } from "./options.ts";
import { type ChatRequest, cardSink, linkWatch, type Messenger, ownHeaders } from "./post.ts";

type Mode = "post" | "update" | "thread";

/** Options of a sink that can change its messages. */
export type LivingOptions = ChatOptions & { readonly mode: Mode };

/** Schema of a platform's option for changing the messages it has posted. */
export const modeEntry = <Known extends Mode>(modes: readonly [Known, ...Known[]], update: Known) =>
  v.optional(
    described(
      v.picklist(modes, modes.join(", ")),
      modes.some((mode) => mode === "thread")
        ? "How later changes of a task appear: `update` edits its message, `thread` replies below it, `post` sends a new message."
        : "How later changes of a task appear: `update` edits its message, `post` sends a new one.",
    ),
    update,
  );

/** A request that posts or changes a message. */
export interface LivingRequest extends ChatRequest {
  readonly method?: "POST" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  /** The platform's own header with the seconds to wait. */
  readonly waitHeader?: string;
}

/** Input of a request besides the card. */
export interface Occasion {
  /** Idempotency key: equal for every attempt with the same content, and only for those. */
  readonly key: string;
  /** Whether the change needs a reader's attention. */
  readonly isUrgent: boolean;
}

/** Sends one request; returns the response, or why there is none. */
export type SendLivingRequest = (request: LivingRequest) => Promise<SinkResponse | Refusal>;

/** Platform-specific part of a sink whose messages can be edited and replied to. */
export interface LivingPlatform {
  /** Posts a new message; the accepted result carries its reference. */
  post(card: Card, occasion: Occasion): LivingRequest;
  edit(card: Card, message: string, occasion: Occasion): LivingRequest;
  /** Replies below a message, or next to it on a platform without threads. */
  reply(card: Card, message: string, occasion: Occasion): LivingRequest;
  toResult(response: SinkResponse, context: ResponseContext): DeliveryResult;
  /** Whether the response to an edit or reply says that the message cannot be changed any more. */
  isGone(response: SinkResponse): boolean;
  /** Returns the headers that authorize a request, before each one; a refusal when they cannot be obtained. */
  readonly authorize?: (exchange: SendLivingRequest) => Promise<Readonly<Record<string, string>> | Refusal>;
  /** Whether the request should be repeated once, such as after renewing a token. */
  readonly asksAgain?: (response: SinkResponse) => boolean;
  /** Values that no result may show, besides the parts of the request's URL. */
  readonly secrets: readonly string[];
  /** Whether a digest's groups are drawn. @default false */
  readonly showsGroups?: boolean;
}

/** The outcome of one request. */
interface LivingResult {
  readonly result: DeliveryResult;
  readonly isGone: boolean;
}

/** A sink with one message per task, edited or replied to as the task changes. A digest is always a new message. */
export function livingSink(
  name: SinkName,
  options: LivingOptions,
  deps: SinkDeps,
  platform: LivingPlatform,
): Sink {
  const { dispatcher, close } = guardedAgent(options, deps);
  const { mode, timeout: timeoutMs } = options;
  const watchLinks = linkWatch(name, options, deps);

  const ask = async (
    card: Card,
    make: () => LivingRequest,
    call: DeliverOptions,
    isAgain = false,
  ): Promise<LivingResult> => {
    const exchange: SendLivingRequest = ({ headers, ...request }) =>
      post(dispatcher, { ...request, headers: { ...ownHeaders, ...headers }, timeoutMs }, call);
    const authorization = (await platform.authorize?.(exchange)) ?? {};
    if (isRefusal(authorization)) return { result: authorization, isGone: false };
    const { headers, ...request } = make();
    watchLinks(card, request.body);
    const response = await exchange({ ...request, headers: { ...headers, ...authorization } });
    if (response.kind !== "response") return { result: response, isGone: false };
    if (!isAgain && platform.asksAgain?.(response)) return ask(card, make, call, true);
    const { origin } = request.url;
    const secrets = [...urlSecrets(request.url), ...platform.secrets];
    const result = platform.toResult(response, { origin, secrets, nowMs: deps.clock.now() });
    return { result, isGone: platform.isGone(response) };
  };

  const send: Messenger["send"] = async (card, events, call) => {
    const occasion = { key: events.map(({ id }) => id).join("\n"), isUrgent: isUrgent(card) };
    const posted = async (): Promise<DeliveryResult> =>
      (await ask(card, () => platform.post(card, occasion), call)).result;
    const [event, ...others] = events;
    if (mode === "post" || !event || others.length > 0) return bare(await posted());
    const message = call.messages?.get(event.subject);
    if (message === undefined) return posted();
    const reply = (): Promise<LivingResult> => ask(card, () => platform.reply(card, message, occasion), call);
    const sent =
      mode === "thread" ? await reply() : await ask(card, () => platform.edit(card, message, occasion), call);
    if (sent.isGone) return posted();
    if (sent.result.kind !== "accepted") return sent.result;
    if (mode === "update" && occasion.isUrgent) {
      // An edit notifies nobody, so an urgent change gets a reply too; a message deleted in between was seen.
      const { result, isGone } = await reply();
      if (!isGone && result.kind !== "accepted") return result;
    }
    return { kind: "accepted", message };
  };

  return cardSink(name, options, { send, close, showsGroups: platform.showsGroups });
}

const isUrgent = ({ tone }: Card): boolean => tone === "failure" || tone === "attention";

const isRefusal = (value: Readonly<Record<string, string>> | Refusal): value is Refusal => "kind" in value;

/** Without the reference, so that the message is not changed later. */
const bare = (result: DeliveryResult): DeliveryResult =>
  result.kind === "accepted" ? { kind: "accepted" } : result;
