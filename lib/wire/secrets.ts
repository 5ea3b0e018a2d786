import fs from "node:fs";
import type { AwsSecrets } from "../aws/secrets.ts";
import type { SecretResolvers } from "../config/resolve/references.ts";
import type { Clock, Random } from "../core/clock.ts";
import { SecretError } from "../core/errors.ts";
import { openAgent } from "../net/agent.ts";

/** Parts that secret resolvers need. */
export interface SecretsDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Resolves `ssm:`, `secretsmanager:`, `csms:` and `file:` references. A cloud's client is loaded for its first
 * reference.
 */
export function secretResolvers(deps: SecretsDeps): SecretResolvers {
  const aws = once(() => openAwsSecrets(deps));
  const huawei = once(() => openHuaweiSecrets(deps));
  return {
    ssm: async (reference) => (await aws()).ssm(reference),
    secretsmanager: async (reference) => (await aws()).secretsmanager(reference),
    csms: async (reference) => (await huawei())(reference),
    file: (reference) => secretInFile(reference.slice("file:".length)),
  };
}

const once = <Value>(open: () => Promise<Value>): (() => Promise<Value>) => {
  let opened: Promise<Value> | null = null;
  return () => {
    opened ??= open();
    return opened;
  };
};

async function openAwsSecrets({ environment, clock, random }: SecretsDeps): Promise<AwsSecrets> {
  const [{ openAws }, { awsSecrets }] = await Promise.all([
    import("../aws/client.ts"),
    import("../aws/secrets.ts"),
  ]);
  const { dispatcher } = openAgent({}, { environment });
  return awsSecrets(openAws({ env: environment, dispatcher, clock, random }));
}

async function openHuaweiSecrets({ environment, clock }: SecretsDeps) {
  const { huaweiSecrets } = await import("../huawei/secrets.ts");
  const { dispatcher } = openAgent({}, { environment });
  return huaweiSecrets({ environment, dispatcher, clock });
}

/** Reads a secret file as Docker, Kubernetes and systemd mount it, without the final line break that editors add. */
async function secretInFile(path: string): Promise<string> {
  if (!path.startsWith("/")) throw new SecretError("NO_ABSOLUTE_PATH");
  // Not imported statically: Node loads a dozen modules with `fs.promises`.
  return (await fs.promises.readFile(path, "utf8")).replace(/\r?\n$/, "");
}
