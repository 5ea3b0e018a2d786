import { awsServices } from "./aws/services.ts";
import { pagerdutyService } from "./chat/pagerduty-service.ts";
import { workflowStarters } from "./http/workflow-starters.ts";
import { huaweiServices } from "./huawei/services.ts";

/** Sinks that send requests to a service over HTTP, besides chats and webhooks. All contracts of such sinks run over each. */
export const services = {
  pagerduty: pagerdutyService,
  ...awsServices,
  ...huaweiServices,
  ...workflowStarters,
} as const;

/** What `make` makes of each value. */
export const mapValues = <Key extends string, Row, Made>(
  rows: Readonly<Record<Key, Row>>,
  make: (row: Row) => Made,
): Readonly<Record<Key, Made>> =>
  Object.fromEntries(Object.entries<Row>(rows).map(([key, row]) => [key, make(row)])) as Readonly<
    Record<Key, Made>
  >;
