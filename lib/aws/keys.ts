import fs from "node:fs";
import type { Dispatcher } from "undici";
import * as v from "valibot";
import type { CallOptions, Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { CachedToken, type Renewable } from "../net/cached-token.ts";
import { AwsError } from "./errors.ts";
import { ask } from "./http.ts";
import type { AwsKey } from "./sigv4.ts";

/** Source of the access key. */
export interface Keys {
  /** @throws AwsError when there is no key */
  current(options: CallOptions): Promise<AwsKey>;
  /** Called when AWS reports an expired key; returns whether a retry would use another one. */
  renew(): boolean;
}

/** Dependencies of the source of the access key. */
export interface KeysDeps {
  readonly env: Environment;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

/**
 * Reads the key from the environment, or fetches and renews it: from the container's credential endpoint where the
 * environment names one, else from the sources of AWS's own tools.
 */
export function openKeys(deps: KeysDeps): Keys {
  // A line break or blanks left by a file would break the header or the signature.
  const read = (name: string): string | undefined => deps.env[name]?.trim() || undefined;
  const accessKeyId = read("AWS_ACCESS_KEY_ID");
  const secretAccessKey = read("AWS_SECRET_ACCESS_KEY");
  if (accessKeyId && secretAccessKey) {
    const key: AwsKey = { accessKeyId, secretAccessKey, sessionToken: read("AWS_SESSION_TOKEN") };
    return { current: async () => key, renew: () => false };
  }
  return renewedKeys(deps);
}

/** AWS's chain of sources is loaded on demand; a function always has its key in the environment. */
function renewedKeys(deps: KeysDeps): Keys {
  const isInContainer = containerVariables.some((name) => deps.env[name]);
  const key = new CachedToken<AwsKey>(deps.clock);
  return {
    current: (options) =>
      key.current(async () =>
        isInContainer ? askContainer(deps, options) : (await import("./key-chain.ts")).chainedKey(deps.env),
      ),
    renew() {
      key.forget();
      return true;
    },
  };
}

const [relativeUri, fullUri] = [
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;
const containerVariables = [relativeUri, fullUri];
const containerCall = "container credentials";
const containerTimeoutMs = 2_000;
/** AWS issues the next key five minutes before the last one expires. */
const renewBeforeEndMs = 5 * 60_000;

const containerResponse = v.object({
  AccessKeyId: v.pipe(v.string(), v.nonEmpty()),
  SecretAccessKey: v.pipe(v.string(), v.nonEmpty()),
  Token: v.optional(v.string()),
  Expiration: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});

async function askContainer(deps: KeysDeps, options: CallOptions): Promise<Renewable<AwsKey>> {
  const url = containerUrl(deps.env);
  const token = await containerToken(deps.env);
  const { status, text } = await ask(
    deps.dispatcher,
    containerCall,
    {
      method: "GET",
      url,
      headers: { accept: "application/json", ...(token && { authorization: token }) },
      body: null,
      timeoutMs: containerTimeoutMs,
    },
    options,
  );
  if (status !== 200) {
    const reason = status === 429 ? "throttled" : status >= 500 ? "unavailable" : "unauthorized";
    throw new AwsError(reason, `HTTP_${status}`, `${containerCall}: refused`);
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), containerResponse), text);
  if (!parsed.success)
    throw new AwsError("malformed", "NOT_A_KEY", `${containerCall}: the response holds no key`);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = parsed.output;
  return {
    value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    renewAtMs:
      Expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(Expiration) - renewBeforeEndMs,
  };
}

const ecsHost = "169.254.170.2";
/** Loopback, and the addresses that ECS and EKS document: plain http is allowed to these only. */
const plainHosts =
  /^(127(\.\d{1,3}){3}|localhost|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;

function containerUrl(env: Environment): URL {
  const relative = env[relativeUri];
  const full = env[fullUri];
  const url = relative ? URL.parse(`http://${ecsHost}${relative}`) : URL.parse(full ?? "");
  const isOpen = url?.protocol === "https:" || (url?.protocol === "http:" && plainHosts.test(url.hostname));
  if (url && isOpen) return url;
  const variable = relative ? relativeUri : fullUri;
  throw new AwsError(
    "unconfigured",
    "BAD_CREDENTIALS_URI",
    `${variable}: no https URL and no container's host`,
  );
}

async function containerToken(env: Environment): Promise<string | undefined> {
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  if (!file) return env["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  try {
    // Read each time, since the token file is rotated. Not imported statically: Node loads a dozen modules with
    // `fs.promises`.
    return (await fs.promises.readFile(file, "utf8")).trim();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    const variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    throw new AwsError("unconfigured", String(error.code), `${variable}: cannot be read`, { cause: error });
  }
}
