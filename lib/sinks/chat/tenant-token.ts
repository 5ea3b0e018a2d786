import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/result.ts";
import { parseJson } from "../../text/json.ts";
import type { SinkResponse } from "../http/response.ts";
import type { Exchange } from "./living.ts";
import { apiResource } from "./options.ts";
import { fieldsOf, textOf } from "./verdict.ts";

/** So long before its end a token is not used any more. Feishu gives a new one in a token's last half hour. */
const marginMs = 5 * 60_000;

export interface TenantTokenOptions {
  /** Base of the API. */
  readonly url: string;
  readonly app: string;
  readonly secret: string;
  readonly clock: Clock;
  /** What an answer without a token comes to. */
  readonly refused: (answer: SinkResponse) => Refusal;
}

/** The token that an app of Feishu works with: asked for once, kept until shortly before its end. */
export class TenantToken {
  readonly #options: TenantTokenOptions;
  #kept: { readonly token: string; readonly untilMs: number } | null = null;
  #asking: Promise<string | Refusal> | null = null;

  constructor(options: TenantTokenOptions) {
    this.#options = options;
  }

  /** The token, or why there is none. Those who ask at the same time share one request. */
  async get(exchange: Exchange): Promise<string | Refusal> {
    if (this.#kept && this.#options.clock.now() < this.#kept.untilMs - marginMs) return this.#kept.token;
    this.#asking ??= this.#ask(exchange).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** The platform has refused the token before its time. */
  forget(): void {
    this.#kept = null;
  }

  async #ask(exchange: Exchange): Promise<string | Refusal> {
    const { url, app, secret, clock, refused } = this.#options;
    const answer = await exchange({
      url: apiResource(url, "auth/v3/tenant_access_token/internal"),
      body: JSON.stringify({ app_id: app, app_secret: secret }),
    });
    if (answer.kind !== "answer") return answer;
    const { tenant_access_token, expire: seconds } = fieldsOf(parseJson(answer.body));
    const token = textOf(tenant_access_token);
    if (token === "" || typeof seconds !== "number") return refused(answer);
    this.#kept = { token, untilMs: clock.now() + seconds * 1_000 };
    return token;
  }
}
