import type { Dispatcher } from "undici";
import * as v from "valibot";
import type { Clock } from "../core/clock.ts";
import { SecretError } from "../core/errors.ts";
import { exchange } from "../net/exchange.ts";
import { fieldText, parseJson } from "../text/json.ts";
import { accessKeyIn } from "./access-key.ts";
import { regionalEndpoint } from "./endpoint.ts";
import { encodePath, sign } from "./sign.ts";

/** Dependencies of the secret resolver. */
export interface HuaweiSecretsDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

const timeoutMs = 10_000;
/** A secret's text is at most 32 KB: https://support.huaweicloud.com/intl/en-us/api-dew/CreateSecret.html */
const maxBodyBytes = 262_144;
const responseSchema = v.object({ version: v.object({ secret_string: v.pipe(v.string(), v.nonEmpty()) }) });

/**
 * Resolves `csms:NAME[#jsonKey]`: the latest version of a secret in Huawei Cloud's Cloud Secret Management Service
 * (GET /v1/{project_id}/secrets/{secret_name}/versions/latest at kms.{region}), with the environment's access key.
 * Several keys of one secret cost one request. Rejects with SecretError.
 */
export function huaweiSecrets(deps: HuaweiSecretsDeps): (reference: string) => Promise<string> {
  const secrets = new Map<string, Promise<string>>();
  return async (reference) => {
    const [name = "", ...key] = reference.slice("csms:".length).split("#");
    const asked = secrets.get(name) ?? fetchSecret(name, deps);
    secrets.set(name, asked);
    const text = await asked;
    if (key.length === 0) return text;
    const value = fieldText(parseJson(text), key.join("#"));
    if (value === null) throw new SecretError("NO_SUCH_KEY");
    return value;
  };
}

async function fetchSecret(
  name: string,
  { environment, dispatcher, clock }: HuaweiSecretsDeps,
): Promise<string> {
  const key = accessKeyIn(environment);
  if (!key) throw new SecretError("NO_ACCESS_KEY");
  const region = environment["HUAWEICLOUD_SDK_REGION"];
  const project = environment["HUAWEICLOUD_SDK_PROJECT_ID"] ?? environment["RUNTIME_PROJECT_ID"];
  if (!region) throw new SecretError("NO_HUAWEICLOUD_SDK_REGION");
  if (!project) throw new SecretError("NO_HUAWEICLOUD_SDK_PROJECT_ID");
  const { origin, host } = new URL(
    environment["HUAWEICLOUD_KMS_ENDPOINT"] ?? regionalEndpoint("kms", region),
  );
  const path = `/v1/${project}/secrets/${name}/versions/latest`;
  const headers = { host, "content-type": "application/json", "x-project-id": project };
  const signed = sign({ method: "GET", path, query: [], headers, body: "" }, key, clock.now());
  const response = await exchange(
    dispatcher,
    {
      origin,
      path: encodePath(path),
      method: "GET",
      headers: { ...headers, ...signed },
      body: null,
      timeoutMs,
      maxBodyBytes,
    },
    { signal: new AbortController().signal },
  );
  if (response.status !== 200) throw new SecretError(`HTTP_${response.status}`);
  const parsed = v.safeParse(responseSchema, parseJson(response.text));
  // A secret may be stored as bytes, which no configuration option can be.
  if (!parsed.success) throw new SecretError("NO_TEXT");
  return parsed.output.version.secret_string;
}
