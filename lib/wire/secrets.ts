import { Agent } from "undici";
import type { AwsSecrets } from "../aws/secrets.ts";
import type { Clock, Random } from "../core/clock.ts";

export interface SecretsDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
}

/** What reads `ssm:` and `secretsmanager:` references. The AWS client is loaded with the first of them. */
export function secretResolvers(deps: SecretsDeps): AwsSecrets {
  let opened: Promise<AwsSecrets> | null = null;
  const aws = (): Promise<AwsSecrets> => {
    opened ??= openAwsSecrets(deps);
    return opened;
  };
  return {
    ssm: async (reference) => (await aws()).ssm(reference),
    secretsmanager: async (reference) => (await aws()).secretsmanager(reference),
  };
}

async function openAwsSecrets({ environment, clock, random }: SecretsDeps): Promise<AwsSecrets> {
  const [{ openAws }, { awsSecrets }] = await Promise.all([
    import("../aws/client.ts"),
    import("../aws/secrets.ts"),
  ]);
  return awsSecrets(openAws({ env: environment, dispatcher: new Agent({ allowH2: false }), clock, random }));
}
