import * as v from "valibot";
import { type SinkName, sinkName } from "../core/names.ts";
import { cutTemplates } from "../sinks/chat/templated.ts";
import type { Language } from "../sinks/chat/text.ts";
import { sinkTypes } from "../sinks/index.ts";
import type { SinkModule } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";
import { fieldsOf } from "../text/json.ts";
import { openCapture } from "./capture.ts";
import { isPlatformType, type PreviewType, previewed } from "./platforms.ts";
import { type Sample, sampleNowMs, samples } from "./samples.ts";

/** One message as it would be sent. */
export interface PreviewedMessage {
  /** The sample that it shows. */
  readonly sample: string;
  /** The exact body. */
  readonly body: string;
}

/** One sink's messages. */
export interface Album {
  readonly name: SinkName;
  readonly type: PreviewType;
  readonly messages: readonly PreviewedMessage[];
  /** One sentence for each of the sink's own texts and links that does not fit. */
  readonly warnings: readonly string[];
}

/** A configured sink. */
export interface PreviewedSink {
  readonly name: SinkName;
  readonly type: PreviewType;
  readonly module: SinkModule;
  /** The sink's options, as its module's schema returned them. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Message options of a made-up sink. */
export const sampleStyle = (language: Language) => ({
  language,
  timeZone: language === "zh" ? "Asia/Shanghai" : "UTC",
});

/** A sink of a type with made-up options. @default name the type */
export async function sampleSubject(
  type: PreviewType,
  language: Language,
  name: string = type,
): Promise<PreviewedSink> {
  const module: SinkModule = await sinkTypes[type]();
  const written = { ...(isPlatformType(type) && sampleStyle(language)), ...previewed[type].options };
  const options = fieldsOf(v.parse(module.schema, written));
  return { name: sinkName(name), type, module, options };
}

const usualBurst = 6;
const longestBurst = 100;

/** Number of changes that makes the sink send a digest, if it ever does. */
const burstFor = ({ digestAbove }: PreviewedSink["options"]): number =>
  Math.min(longestBurst, Math.max(usualBurst, typeof digestAbove === "number" ? digestAbove + 1 : 0));

/** The samples that a sink of this type is shown with; only chats send a digest. */
const samplesFor = (type: PreviewType, options: PreviewedSink["options"]): readonly Sample[] =>
  samples(burstFor(options)).filter(({ events }) => isPlatformType(type) || events.length === 1);

/**
 * Makes the messages that a sink would send for each sample, at the samples' own instant: the sink really sends them,
 * and a capture replaces the network.
 */
export async function albumOf(
  { name, type, module, options }: PreviewedSink,
  shown: readonly Sample[] = samplesFor(type, options),
): Promise<Album> {
  const { captured = {} } = previewed[type];
  const { environment = {}, response = "" } = captured;
  const { dispatcher, bodies } = openCapture(response);
  const clock = { now: () => sampleNowMs, sleep: async () => {} };
  const warnings = new Set<string>();
  const log: Log = (_, message, fields = {}) => void warnings.add(`${message}: ${fields["link"]}`);
  const deps = { clock, random: () => 0.5, log, folder: ".", environment, dispatcher };
  const sink = module.create(name, { ...options, ...captured.options }, deps);
  const messages: PreviewedMessage[] = [];
  for (const { name: sample, events } of shown) {
    const earlier = bodies.length;
    await sink.deliver(events, { signal: new AbortController().signal });
    const body = bodies.at(-1);
    // PagerDuty is told of no success without an alert, for one.
    if (body !== undefined && bodies.length > earlier) messages.push({ sample, body });
  }
  for (const part of await cutTemplates(options))
    warnings.add(`the template's ${part} is longer than a message has room for, and is cut`);
  await sink.close();
  return { name, type, messages, warnings: [...warnings] };
}
