import type { Environment } from "../core/environment.ts";
import { AwsError } from "./errors.ts";

interface Service {
  /** Prefix of `x-amz-target`; absent for a service that does not speak JSON. */
  readonly target?: string;
  readonly contentType: string;
  /** The service's name in `AWS_ENDPOINT_URL_…`. */
  readonly variable: string;
  /** Prefix of its hosts. @default the service's name */
  readonly host?: string;
}

/** AWS services by the name that is signed. */
export const services = {
  ssm: { target: "AmazonSSM", contentType: "application/x-amz-json-1.1", variable: "SSM" },
  secretsmanager: {
    target: "secretsmanager",
    contentType: "application/x-amz-json-1.1",
    variable: "SECRETS_MANAGER",
  },
  dynamodb: { target: "DynamoDB_20120810", contentType: "application/x-amz-json-1.0", variable: "DYNAMODB" },
  sqs: { target: "AmazonSQS", contentType: "application/x-amz-json-1.0", variable: "SQS" },
  sns: { contentType: "application/x-www-form-urlencoded", variable: "SNS" },
  events: { target: "AWSEvents", contentType: "application/x-amz-json-1.1", variable: "EVENTBRIDGE" },
  states: { target: "AWSStepFunctions", contentType: "application/x-amz-json-1.0", variable: "SFN" },
  lambda: { contentType: "application/json", variable: "LAMBDA" },
  kinesis: { target: "Kinesis_20131202", contentType: "application/x-amz-json-1.1", variable: "KINESIS" },
  s3: { contentType: "application/json", variable: "S3" },
  ses: { contentType: "application/json", variable: "SESV2", host: "email" },
} as const satisfies Readonly<Record<string, Service>>;

/** An AWS service by the name that is signed. */
export type ServiceName = keyof typeof services;

/** Services that speak AWS's JSON protocols. */
export type JsonServiceName = {
  [Name in ServiceName]: (typeof services)[Name] extends { readonly target: string } ? Name : never;
}[ServiceName];

/** The region from the environment. @throws AwsError when there is none */
export function regionOf(env: Environment): string {
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (region && /^[a-z0-9-]{1,63}$/.test(region)) return region;
  throw new AwsError("unconfigured", "NO_REGION", "no AWS region: set AWS_REGION");
}

/** The service's endpoint in a region, unless the environment overrides it. @throws AwsError when that is not a URL */
export function endpointOf(name: ServiceName, region: string, env: Environment): URL {
  const own = `AWS_ENDPOINT_URL_${services[name].variable}`;
  const variable = env[own] ? own : "AWS_ENDPOINT_URL";
  const given = env[variable];
  if (!given) {
    const { host = name }: Service = services[name];
    return new URL(`https://${host}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
  }
  const url = URL.parse(given);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new AwsError("unconfigured", "BAD_ENDPOINT", `${variable}: not an http or https URL`);
}
