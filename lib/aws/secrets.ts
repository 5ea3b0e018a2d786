import * as v from "valibot";
import { fieldText, parseJson } from "../text/json.ts";
import type { AwsClient } from "./client.ts";
import { AwsError } from "./errors.ts";

/** Resolvers by scheme, for `config/references.ts`. */
export type AwsSecrets = Readonly<Record<"ssm" | "secretsmanager", (reference: string) => Promise<string>>>;

/**
 * Resolves `ssm:/path/name` and `secretsmanager:id[#jsonKey]`. Several keys of one secret cost one request.
 * A resolver rejects with AwsError when its secret is not available.
 */
export function awsSecrets(aws: AwsClient): AwsSecrets {
  const secrets = new Map<string, Promise<string>>();
  const secret = (id: string): Promise<string> => {
    const asked = secrets.get(id) ?? fetchSecret(aws, id);
    secrets.set(id, asked);
    return asked;
  };
  return {
    ssm: (reference) => fetchParameter(aws, reference.slice("ssm:".length)),
    async secretsmanager(reference) {
      const [id = "", ...key] = reference.slice("secretsmanager:".length).split("#");
      const text = await secret(id);
      return key.length === 0 ? text : valueAt(key.join("#"), text);
    },
  };
}

const parameter = v.object({ Parameter: v.object({ Value: v.string() }) });
const secretString = v.object({ SecretString: v.string() });

async function fetchParameter(aws: AwsClient, name: string): Promise<string> {
  const response = v.safeParse(
    parameter,
    await aws.call("ssm", "GetParameter", { Name: name, WithDecryption: true }),
  );
  if (!response.success)
    throw new AwsError("malformed", "NO_VALUE", "ssm GetParameter: the response has no value");
  return response.output.Parameter.Value;
}

async function fetchSecret(aws: AwsClient, id: string): Promise<string> {
  const response = v.safeParse(
    secretString,
    await aws.call("secretsmanager", "GetSecretValue", { SecretId: id }),
  );
  if (response.success) return response.output.SecretString;
  throw new AwsError("rejected", "NO_TEXT", "secretsmanager GetSecretValue: the secret is binary, not text");
}

function valueAt(key: string, text: string): string {
  const value = fieldText(parseJson(text), key);
  if (value !== null) return value;
  throw new AwsError(
    "rejected",
    "NO_SUCH_KEY",
    "secretsmanager: the secret is no JSON object with such a key",
  );
}
