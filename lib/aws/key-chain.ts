import { defaultProvider } from "@aws-sdk/credential-provider-node";
import type { Environment } from "../core/environment.ts";
import type { Renewable } from "../net/cached-token.ts";
import { oneLine } from "../text/one-line.ts";
import { AwsError } from "./errors.ts";
import type { AwsKey } from "./sigv4.ts";

/** Renewed this long before a key expires, milliseconds. */
const renewBeforeEndMs = 5 * 60_000;

/**
 * Gets a key the way AWS's own tools do: a profile (SSO, a role, a process), a web identity (EKS), the instance's role.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 * @throws AwsError when there is none, or its source refuses
 */
export async function chainedKey(env: Environment): Promise<Renewable<AwsKey>> {
  const given = {
    profile: env["AWS_PROFILE"],
    filepath: env["AWS_SHARED_CREDENTIALS_FILE"],
    configFilepath: env["AWS_CONFIG_FILE"],
    webIdentityTokenFile: env["AWS_WEB_IDENTITY_TOKEN_FILE"],
    roleArn: env["AWS_ROLE_ARN"],
    roleSessionName: env["AWS_ROLE_SESSION_NAME"],
  };
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await defaultProvider(
      definedOf(given),
    )();
    return {
      value: { accessKeyId, secretAccessKey, sessionToken },
      renewAtMs: (expiration?.getTime() ?? Number.POSITIVE_INFINITY) - renewBeforeEndMs,
    };
  } catch (error) {
    throw asAwsError(error);
  }
}

const definedOf = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])));

function asAwsError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "CredentialsProviderError") {
    const problem = `no AWS credentials: ${oneLine(error.message)}; ${hint}`;
    return new AwsError("unconfigured", "NO_CREDENTIALS", problem, { cause: error });
  }
  const isRefused = "$fault" in error && error.$fault === "client";
  return new AwsError(isRefused ? "unauthorized" : "unavailable", error.name, "AWS credentials: not issued", {
    cause: error,
  });
}

const hint =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached";
