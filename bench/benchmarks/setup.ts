import type { Bundles } from "../bundle.ts";

/** Setup shared by all benchmarks. */
export interface BenchmarkSetup {
  readonly bundles: Bundles;
  /** Folder for a benchmark's files. */
  readonly folder: string;
  /** Fewer and smaller rounds: a smoke test whose figures mean nothing. */
  readonly isQuick: boolean;
  /** Tells the user of something that is left out. */
  readonly note: (text: string) => void;
  /** Registers a function to call when the benchmarks are over. */
  readonly onEnd: (close: () => Promise<unknown>) => void;
}

export const instance = "11111111-0000-4000-8000-000000000001";

/** AWS access key in the environment. */
export const awsKeys = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

/** Environment variables of the handler on the official clients. */
export const peerEnvironment = (api: string, dynamodb: string) => ({
  ...awsKeys,
  API: api,
  DYNAMODB: dynamodb,
  INSTANCE: instance,
  AK: "a",
  SK: "b",
  PROJECT: "p1",
});
