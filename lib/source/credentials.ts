import type { CredentialsConfig } from "../config/schema.ts";
import type { CallOptions, Clock } from "../core/clock.ts";
import { type SdkHmacRequest, sign } from "../huawei/sign.ts";
import { CachedToken, type Renewable } from "../net/cached-token.ts";
import { fieldsOf } from "../text/json.ts";
import type { ApiResponse, SendApiRequest } from "./http.ts";

/** Authenticates requests to the API. */
export interface Credentials {
  /** Returns the headers that authenticate the request. @throws SourceError when a token cannot be obtained */
  authenticate(
    request: SdkHmacRequest,
    options: CallOptions,
  ): AuthenticationHeaders | Promise<AuthenticationHeaders>;
  /** Called when the API refused these headers; returns whether a retry would send others. */
  renew(refused: AuthenticationHeaders): boolean;
}

type AuthenticationHeaders = Readonly<Record<string, string>>;

/** Parts that credentials need. */
export interface CredentialsDeps {
  readonly clock: Clock;
  readonly send: SendApiRequest;
  readonly iamEndpoint: URL;
  readonly projectId: string;
}

/**
 * Opens credentials: an access key that signs, a fixed token, or an IAM user whose tokens are requested and renewed.
 */
export function openCredentials(config: CredentialsConfig, deps: CredentialsDeps): Credentials {
  if ("ak" in config) {
    return {
      authenticate: (request) => sign(request, config, deps.clock.now()),
      renew: () => false,
    };
  }
  if ("token" in config) {
    return { authenticate: () => tokenHeader(config.token), renew: () => false };
  }
  return userCredentials(config, deps);
}

/** Identity of the credentials at the API, which locks it after too many refusals. */
export function keyOf(config: CredentialsConfig): string {
  if ("ak" in config) return `key ${config.ak}`;
  return "token" in config ? `token ${config.token}` : `user ${config.domain}/${config.username}`;
}

const tokenHeader = (token: string) => ({ "x-auth-token": token });

type IamUser = Extract<CredentialsConfig, { readonly username: string }>;

function userCredentials(user: IamUser, deps: CredentialsDeps): Credentials {
  const token = new CachedToken<string>(deps.clock);
  return {
    authenticate: async (_request, options) =>
      tokenHeader(await token.current(() => askForToken(user, deps, options))),
    renew: (refused) => {
      token.forget((text) => refused["x-auth-token"] === text);
      return true;
    },
  };
}

async function askForToken(
  user: IamUser,
  deps: CredentialsDeps,
  options: CallOptions,
): Promise<Renewable<string>> {
  const operation = "IAM token request";
  const { iamEndpoint, projectId } = deps;
  const { username: name, password, domain } = user;
  const identity = {
    methods: ["password"],
    password: { user: { name, password, domain: { name: domain } } },
  };
  const request: SdkHmacRequest = {
    method: "POST",
    path: `${iamEndpoint.pathname.replace(/\/$/, "")}/v3/auth/tokens`,
    query: [["nocatalog", "true"]],
    headers: { host: iamEndpoint.host, "content-type": "application/json" },
    body: JSON.stringify({ auth: { identity, scope: { project: { id: projectId } } } }),
  };
  const response = await deps.send(
    { operation, origin: iamEndpoint.origin, request, secrets: [password] },
    options,
  );
  const value = response.header("x-subject-token");
  if (!value) throw response.malformed("no token");
  return { value, renewAtMs: renewAt(response, deps.clock.now()) };
}

const assumedLifeMs = 3_600_000;

/** Renews a token after nine tenths of its life: it may be revoked early, and clocks differ. */
function renewAt(response: ApiResponse, nowMs: number): number {
  const expiresAt = fieldsOf(fieldsOf(response.body)["token"])["expires_at"];
  const endMs = typeof expiresAt === "string" ? Date.parse(expiresAt) : Number.NaN;
  return nowMs + (Number.isNaN(endMs) ? assumedLifeMs : Math.max(0, endMs - nowMs)) * 0.9;
}
