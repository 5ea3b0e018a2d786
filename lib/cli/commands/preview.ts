import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import type { CloudEvent } from "../../change/event.ts";
import { pageOf } from "../../preview/page.ts";
import { isPlatformType, isPreviewType, previewed, previewTypes } from "../../preview/platforms.ts";
import { type Album, albumOf, type PreviewedSink, sampleSubject } from "../../preview/preview.ts";
import { languages } from "../../sinks/chat/text.ts";
import { makeFolder } from "../../sinks/disk/folder.ts";
import { fieldsOf, parseJson } from "../../text/json.ts";
import { choiceError } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, pathError, usageError } from "../errors.ts";
import { readEventFile } from "../event-file.ts";
import { count } from "../screen/format.ts";
import { offlineSinksOf } from "../session.ts";

/** Options of `preview`. */
export interface PreviewOptions {
  readonly sink?: string;
  readonly type?: string;
  /** Path of an event's file, or `-` for stdin. */
  readonly event?: string;
  readonly out: string;
  readonly lang?: "en" | "zh";
}

/**
 * Writes the messages that sinks would send for sample events or for one of the user's: one exact file per message, and an
 * HTML page. Without `--sink`, `--config` and `--type`: every type in both languages, with made-up options. Sends nothing.
 */
export async function preview(context: Context, options: PreviewOptions): Promise<ExitCode> {
  const { screen } = context;
  const event = options.event === undefined ? null : await eventOf(context, options.event);
  const shown = event === null ? undefined : [{ name: "event", events: [event] }];
  const subjects = await subjectsOf(context, options);
  const albums = await Promise.all(subjects.map((subject) => albumOf(subject, shown)));
  const out = resolve(context.folder, options.out);
  const page = join(out, "index.html");
  try {
    for (const album of albums) await writeAlbum(out, album);
    await writeFile(page, pageOf(albums));
  } catch (error) {
    throw pathError("--out", "a folder that can be written to", options.out, error);
  }
  if (context.json) {
    const sinks = albums.map(({ name, type, messages, warnings }) => ({
      name,
      type,
      messages: messages.length,
      warnings,
    }));
    screen.out.json({ folder: out, page, sinks });
    return 0;
  }
  for (const { name, type, messages, warnings } of albums) {
    screen.out.line(["bold", name], `  ${previewed[type].title}, ${count(messages.length, "message")}`);
    for (const warning of warnings) screen.out.line("  ", ["yellow", warning]);
  }
  screen.out.line(`Open ${page} in a browser.`);
  return 0;
}

async function writeAlbum(out: string, { name, messages }: Album): Promise<void> {
  const folder = join(out, name);
  await makeFolder(folder);
  for (const { sample, body } of messages) {
    const kind = parseJson(body) === undefined ? "txt" : "json";
    await writeFile(join(folder, `${sample}.${kind}`), body);
  }
}

async function subjectsOf(
  context: Context,
  { sink, type, lang }: PreviewOptions,
): Promise<readonly PreviewedSink[]> {
  if (sink !== undefined && type !== undefined) throw usageError("--type", "no type beside --sink", type);
  if (sink !== undefined || (context.configFile !== null && type === undefined)) {
    const configured = await configuredSubjects(context, sink);
    if (configured.length === 0) throw usageError("--sink", "a sink over HTTP of the configuration", sink);
    return configured.map((subject) =>
      lang === undefined ? subject : { ...subject, options: { ...subject.options, language: lang } },
    );
  }
  if (type !== undefined && !isPreviewType(type)) {
    throw choiceError("--type", "a type of sink over HTTP", type, previewTypes);
  }
  return Promise.all(
    (type === undefined ? previewTypes : [type]).flatMap((each) => {
      if (!isPlatformType(each)) return [sampleSubject(each, "en")];
      if (lang !== undefined) return [sampleSubject(each, lang)];
      return languages.map((one) => sampleSubject(each, one, one === "en" ? each : `${each}-${one}`));
    }),
  );
}

async function configuredSubjects(
  context: Context,
  sink: string | undefined,
): Promise<readonly PreviewedSink[]> {
  const { sinks } = await offlineSinksOf(context, sink);
  return Array.from(sinks).flatMap(([name, { type, module, options }]) =>
    isPreviewType(type) ? [{ name, type, module, options: fieldsOf(options) }] : [],
  );
}

/** Fields that a message needs from an event. */
const wholeEvent = v.looseObject({
  id: v.string(),
  source: v.string(),
  type: v.string(),
  subject: v.string(),
  time: v.string(),
  data: v.looseObject({
    task: v.looseObject({
      id: v.string(),
      name: v.string(),
      status: v.string(),
      user: v.looseObject({ id: v.nullable(v.string()), name: v.nullable(v.string()) }),
      createdAt: v.string(),
      updatedAt: v.string(),
    }),
    change: v.looseObject({
      from: v.nullable(v.string()),
      to: v.string(),
      durationMs: v.number(),
      observedAt: v.string(),
    }),
    instance: v.looseObject({
      engine: v.string(),
      region: v.string(),
      projectId: v.string(),
      instanceId: v.string(),
    }),
  }),
});
const eventSchema = v.custom<CloudEvent>((event) => v.is(wholeEvent, event));

async function eventOf(context: Context, file: string): Promise<CloudEvent> {
  const event = await readEventFile(context, file);
  if (v.is(eventSchema, event)) return event;
  throw usageError("--event", "one event as the bridge makes it, as JSON; see `schema event`", file);
}
