import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/result.ts";
import { CachedToken, type Renewable } from "../../net/cached-token.ts";
import { fieldsOf, parseJson } from "../../text/json.ts";
import type { SinkResponse } from "../http/response.ts";
import { textOf } from "./code-result.ts";
import type { SendLivingRequest } from "./living.ts";
import { apiResource } from "./options.ts";

/** A token is renewed this long before it expires, milliseconds. Feishu issues a new one in a token's last half hour. */
const marginMs = 5 * 60_000;

/** Settings of a tenant token's source. */
export interface TenantTokenOptions {
  /** The API's base URL. */
  readonly url: string;
  readonly app: string;
  readonly secret: string;
  readonly clock: Clock;
  /** Maps a response without a token to a refusal. */
  readonly refused: (response: SinkResponse) => Refusal;
}

/** The tenant access token of a Feishu app, cached until shortly before it expires. */
export class TenantToken {
  readonly #options: TenantTokenOptions;
  readonly #token: CachedToken<string | Refusal>;

  constructor(options: TenantTokenOptions) {
    this.#options = options;
    this.#token = new CachedToken(options.clock);
  }

  /** Returns the token, or the reason why there is none. */
  get(exchange: SendLivingRequest): Promise<string | Refusal> {
    return this.#token.current(() => this.#ask(exchange));
  }

  /** Drops a token that the platform has refused before its expiry. */
  forget(): void {
    this.#token.forget();
  }

  async #ask(exchange: SendLivingRequest): Promise<Renewable<string | Refusal>> {
    const { url, app, secret, clock, refused } = this.#options;
    const notKept = (value: Refusal) => ({ value, renewAtMs: Number.NEGATIVE_INFINITY });
    const response = await exchange({
      url: apiResource(url, "auth/v3/tenant_access_token/internal"),
      body: JSON.stringify({ app_id: app, app_secret: secret }),
    });
    if (response.kind !== "response") return notKept(response);
    const { tenant_access_token, expire: seconds } = fieldsOf(parseJson(response.body));
    const token = textOf(tenant_access_token);
    if (token === "" || typeof seconds !== "number") return notKept(refused(response));
    return { value: token, renewAtMs: clock.now() + seconds * 1_000 - marginMs };
  }
}
