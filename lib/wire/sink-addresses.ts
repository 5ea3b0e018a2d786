import { endpointOf, regionOf, type ServiceName, services } from "../aws/services.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import type { Environment } from "../core/environment.ts";
import { regionalEndpoint } from "../huawei/endpoint.ts";
import { arnRegion } from "../sinks/aws/options.ts";
import { awsEnvironment } from "../sinks/aws/sink.ts";
import { fieldsOf } from "../text/json.ts";

/** AWS's services by sink type. */
const aws: Readonly<Record<string, ServiceName>> = {
  sqs: "sqs",
  sns: "sns",
  kinesis: "kinesis",
  lambda: "lambda",
  eventbridge: "events",
  stepfunctions: "states",
};
/** Huawei Cloud's services by sink type. */
const huawei: Readonly<Record<string, string>> = {
  smn: "smn",
  functiongraph: "functiongraph",
  eventgrid: "eg",
};
const pagerDuty: Readonly<Record<string, string>> = {
  us: "https://events.pagerduty.com",
  eu: "https://events.eu.pagerduty.com",
};
const mailProtocols: Readonly<Record<string, string>> = { starttls: "smtp+starttls", tls: "smtps" };
const mailPorts: Readonly<Record<string, number>> = { starttls: 587, tls: 465, none: 25 };

/**
 * Addresses that a sink connects to, as URLs of its protocol: `https`, `amqps`, `kafka+tls`, `smtp+starttls`, ... Empty for a sink
 * without a fixed one. @throws AwsError for an AWS sink without a region
 */
export function sinkAddresses(
  { type, options }: Pick<LoadedSink, "type" | "options">,
  environment: Environment,
): readonly URL[] {
  const fields = fieldsOf(options);
  const texts = (name: string): readonly string[] =>
    [fields[name]].flat().filter((each) => typeof each === "string");
  const [endpoint, region] = [texts("endpoint")[0], texts("region")[0]];
  const parsed = (addresses: readonly string[]): readonly URL[] =>
    addresses.flatMap((each) => URL.parse(each) ?? []);
  const service = aws[type];
  if (service) return [awsEndpoint(service, { fields, endpoint, region }, environment)];
  const cloud = huawei[type];
  if (cloud) return parsed([endpoint ?? regionalEndpoint(cloud, region ?? urnRegion(fields) ?? "")]);
  if (type === "pagerduty") return parsed([endpoint ?? pagerDuty[region ?? "us"] ?? ""]);
  if (type === "kafka")
    return parsed(texts("brokers").map((broker) => `kafka${fields["tls"] ? "+tls" : ""}://${broker}`));
  if (type === "nats")
    return parsed(texts("servers").map((server) => `nats${fields["tls"] ? "+tls" : ""}://${server}`));
  if (type === "email") return mailServer(fields, environment);
  return parsed(texts("url"));
}

function mailServer(fields: Readonly<Record<string, unknown>>, environment: Environment): readonly URL[] {
  const { host, port, security } = fieldsOf(fields["smtp"]);
  if (typeof host !== "string") {
    const { region, endpoint } = fieldsOf(fields["ses"]) as Record<string, string | undefined>;
    return [awsEndpoint("ses", { fields: {}, endpoint, region }, environment)];
  }
  const written = host.includes(":") ? `[${host}]` : host;
  const protocol = mailProtocols[String(security)] ?? "smtp";
  return [new URL(`${protocol}://${written}:${port ?? mailPorts[String(security)] ?? 25}`)];
}

interface AwsPlace {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

function awsEndpoint(
  service: ServiceName,
  { fields, endpoint, region }: AwsPlace,
  environment: Environment,
): URL {
  const [inArn] = Object.values(fields).flatMap((value) =>
    typeof value === "string" ? (arnRegion(value) ?? []) : [],
  );
  const own = awsEnvironment({ service, region: region ?? inArn, endpoint }, environment);
  const isSet = own[`AWS_ENDPOINT_URL_${services[service].variable}`] || own["AWS_ENDPOINT_URL"];
  const { queueUrl } = fields;
  if (typeof queueUrl === "string" && !isSet) return new URL(new URL(queueUrl).origin);
  return endpointOf(service, isSet ? "" : regionOf(own), own);
}

const urnRegion = (fields: Readonly<Record<string, unknown>>): string | undefined =>
  Object.values(fields).flatMap((value) =>
    typeof value === "string" ? (/^urn:\w+:([a-z0-9-]+):/.exec(value)?.[1] ?? []) : [],
  )[0];
