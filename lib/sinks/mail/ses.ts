import { openAws } from "../../aws/client.ts";
import { AwsError } from "../../aws/errors.ts";
import { openAgent } from "../../net/agent.ts";
import { fieldsOf, parseJson } from "../../text/json.ts";
import { awsRefusal } from "../aws/results.ts";
import { awsEnvironment } from "../aws/sink.ts";
import { textOf } from "../chat/code-result.ts";
import type { SinkDeps } from "../sink.ts";
import type { Carrier } from "./message.ts";

/** Options of a carrier through Amazon SES. */
export interface SesOptions {
  /** @default the environment's */
  readonly region?: string | undefined;
  /** @default the region's */
  readonly endpoint?: string | undefined;
  /** Proxy URL; false disables proxies. @default the environment's */
  readonly proxy?: string | false | undefined;
  /** @default none */
  readonly configurationSet?: string | undefined;
}

/** Hands mails to Amazon SES unchanged: SES sets its own Message-ID and keeps the thread. */
export function sesCarrier(
  { region, endpoint, proxy, configurationSet }: SesOptions,
  { timeoutMs, ...deps }: SinkDeps & { readonly timeoutMs: number },
): Carrier {
  const env = awsEnvironment({ service: "ses", region, endpoint }, deps.environment);
  const { dispatcher, close } = openAgent({ proxy }, deps);
  const aws = openAws({ env, dispatcher, clock: deps.clock, random: deps.random });

  return {
    async carry({ from, to, message }, { signal }) {
      const body = JSON.stringify({
        FromEmailAddress: from,
        Destination: { ToAddresses: to },
        Content: { Raw: { Data: message.toString("base64") } },
        ...(configurationSet && { ConfigurationSetName: configurationSet }),
      });
      const request = { operation: "SendEmail", path: "/v2/email/outbound-emails", body };
      try {
        const response = await aws.send("ses", request, { signal, timeoutMs, maxAttempts: 1 });
        if (textOf(fieldsOf(parseJson(response))["MessageId"]) !== "") return { kind: "accepted" };
        return awsRefusal(
          new AwsError("malformed", "NO_MESSAGE_ID", "ses SendEmail: the response has no message id"),
        );
      } catch (error) {
        return awsRefusal(error);
      }
    },
    close,
  };
}
