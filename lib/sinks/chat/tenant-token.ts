import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/result.ts";
import { CachedToken, type Renewable } from "../../net/cached-token.ts";
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

/** The token that an app of Feishu works with. */
export class TenantToken {
  readonly #options: TenantTokenOptions;
  readonly #token: CachedToken<string | Refusal>;

  constructor(options: TenantTokenOptions) {
    this.#options = options;
    this.#token = new CachedToken(options.clock);
  }

  /** The token, or why there is none. */
  get(exchange: Exchange): Promise<string | Refusal> {
    return this.#token.current(() => this.#ask(exchange));
  }

  /** The platform has refused the token before its time. */
  forget(): void {
    this.#token.forget();
  }

  async #ask(exchange: Exchange): Promise<Renewable<string | Refusal>> {
    const { url, app, secret, clock, refused } = this.#options;
    const notKept = (value: Refusal) => ({ value, renewAtMs: Number.NEGATIVE_INFINITY });
    const answer = await exchange({
      url: apiResource(url, "auth/v3/tenant_access_token/internal"),
      body: JSON.stringify({ app_id: app, app_secret: secret }),
    });
    if (answer.kind !== "answer") return notKept(answer);
    const { tenant_access_token, expire: seconds } = fieldsOf(parseJson(answer.body));
    const token = textOf(tenant_access_token);
    if (token === "" || typeof seconds !== "number") return notKept(refused(answer));
    return { value: token, renewAtMs: clock.now() + seconds * 1_000 - marginMs };
  }
}
