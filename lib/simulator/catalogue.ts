import type { Random } from "../core/clock.ts";
import type { Engine } from "../core/names.ts";
import { between, hexId, pick } from "./random.ts";

const publicAddress = (isBound: boolean) => (random: Random) => ({
  enable_public_ip: isBound,
  public_ip_id: hexId(random),
  public_ip_address: `203.0.113.${between(random, 1, 255)}`,
});

/** Task kinds with params in the API's form; values are made up. */
const paramsByName = {
  bindInstancePublicIp: publicAddress(true),
  unbindInstancePublicIp: publicAddress(false),
  kafkaConfigModify: () => ({ old_auto_status: "false", new_auto_status: "true" }),
  changeRetentionPolicy: () => ({
    origin_retention_policy: "produce_reject",
    new_retention_policy: "time_base",
  }),
  kafkaResetConsumerOffset: () => null,
  kafkaAutoReassignment: () => ({ reassignment_topics: '["page-views","clicks"]' }),
} as const satisfies Readonly<Record<string, (random: Random) => Readonly<Record<string, unknown>> | null>>;

/** Name of a simulated task. */
export type TaskName = keyof typeof paramsByName;

/** Parameters of a new task of that name; null when it has none. */
export const paramsOf = (name: TaskName, random: Random): Readonly<Record<string, unknown>> | null =>
  paramsByName[name](random);

const onAnyEngine = ["bindInstancePublicIp", "unbindInstancePublicIp"] as const;
const onKafka = [
  ...onAnyEngine,
  "kafkaConfigModify",
  "changeRetentionPolicy",
  "kafkaResetConsumerOffset",
  "kafkaAutoReassignment",
] as const;

/** Picks a task name that the engine knows. */
export const randomTaskName = (engine: Engine, random: Random): TaskName =>
  pick(random, engine === "kafka" ? onKafka : onAnyEngine);

/** IAM users who start simulated tasks. */
export const users = {
  lin: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a01", name: "lin.wei" },
  maria: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a02", name: "maria.silva" },
  pipeline: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a03", name: "pipeline" },
  dms: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a04", name: "paas_dms" },
} as const;
