import { Agent } from "undici";
import { onTestFinished } from "vitest";
import { type AwsClient, openAws } from "../../lib/aws/client.ts";

export const nowMs = Date.parse("2026-11-24T12:00:00Z");
export const accessKey = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "planted-secret-key" };

export interface OpenedClient {
  readonly aws: AwsClient;
  /** Every wait between two attempts, milliseconds. */
  readonly waits: readonly number[];
  readonly clock: { nowMs: number };
}

/** A client whose waits take no time and whose jitter is always the most. */
export function open(env: Readonly<Record<string, string>>): OpenedClient {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const waits: number[] = [];
  const clock = { nowMs };
  const aws = openAws({
    env: { AWS_REGION: "eu-west-1", ...env },
    dispatcher,
    random: () => 1,
    clock: {
      now: () => clock.nowMs,
      sleep: async (ms) => {
        waits.push(ms);
      },
    },
  });
  return { aws, waits, clock };
}
