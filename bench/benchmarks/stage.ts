import type { Bundles } from "../bundle.ts";

/** What every benchmark is set up with. */
export interface Stage {
  readonly bundles: Bundles;
  /** For files that a benchmark needs. */
  readonly folder: string;
  /** Fewer and smaller rounds: to see that all works, not to believe. */
  readonly isQuick: boolean;
  /** Called when the benchmarks are over. */
  readonly onEnd: (close: () => Promise<unknown>) => void;
}

export const instance = "11111111-0000-4000-8000-000000000001";

/** The environment's own access key for AWS. */
export const awsKeys = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

/** What the handler on the official clients is told by variables. */
export const peerEnvironment = (api: string, dynamodb: string) => ({
  ...awsKeys,
  API: api,
  DYNAMODB: dynamodb,
  INSTANCE: instance,
  AK: "a",
  SK: "b",
  PROJECT: "p1",
});
