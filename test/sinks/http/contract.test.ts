import * as v from "valibot";
import { sinkName } from "../../../lib/core/names.ts";
import { httpSink } from "../../../lib/sinks/http/http-sink.ts";
import type { SinkType } from "../../../lib/sinks/index.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import * as webhook from "../../../lib/sinks/webhook.ts";
import { type HttpSetup, httpContract } from "../../contract/http.ts";
import { serviceHttpSetup } from "../../contract/service.ts";
import { receiving } from "../../harness/api.ts";
import { type ChatType, platformTypes } from "../chat/platforms.ts";
import { chatHttpSetup } from "../chat/setup.ts";
import { sesService } from "../mail/service.ts";
import { mapValues, services } from "../services.ts";

const receiverSetup = (sinkAt: (deps: SinkDeps, url: string) => Sink): HttpSetup => ({
  through: (gateway) => async (deps) => {
    const receiver = await receiving({ respond: () => ({ status: 200, body: "thank you" }) });
    const url = `${await gateway(new URL(receiver.url).origin)}/events`;
    return { sink: sinkAt(deps, url), arrived: () => receiver.events().map(({ id }) => id) };
  },
  isStatusProof: true,
});

const webhookHttpSetup = receiverSetup((deps, url) =>
  webhook.create(sinkName("trial"), v.parse(webhook.schema, { url, allowPrivateNetwork: true }), deps),
);

const customHttpSetup = receiverSetup((deps, url) => {
  const headers = { "content-type": "application/cloudevents+json" };
  const { schema, create } = httpSink({ request: (body) => ({ headers, body }) });
  return create(sinkName("trial"), v.parse(schema, { url, allowPrivateNetwork: true }), deps);
});

type WithoutHttp = "rabbitmq" | "kafka" | "nats" | "redis" | "mqtt" | "file" | "console";

const setups: Readonly<Record<Exclude<SinkType, WithoutHttp>, HttpSetup>> = {
  webhook: webhookHttpSetup,
  ...(Object.fromEntries(platformTypes.map((type) => [type, chatHttpSetup(type)])) as Readonly<
    Record<ChatType, HttpSetup>
  >),
  ...mapValues(services, serviceHttpSetup),
  email: serviceHttpSetup(sesService),
  custom: customHttpSetup,
};

for (const [type, setup] of Object.entries(setups)) httpContract(type, setup);
