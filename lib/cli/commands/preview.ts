import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pageOf } from "../../preview/page.ts";
import { isPlatformType, platforms, platformTypes } from "../../preview/platforms.ts";
import { type Album, albumOf, type PreviewedSink, sampleSubject } from "../../preview/preview.ts";
import { fieldsOf } from "../../text/json.ts";

import { choiceError } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { count } from "../screen/format.ts";
import { offlineSinksOf } from "../session.ts";

/** Options of `preview`. */
export interface PreviewOptions {
  readonly sink?: string;
  readonly type?: string;
  readonly out: string;
  readonly lang?: "en" | "zh";
}

/**
 * Writes the messages that chat sinks would send for sample events: one exact JSON file per message, and an HTML page.
 * Without `--sink`, `--config` and `--type`: every type, with made-up options. Sends nothing.
 */
export async function preview(context: Context, options: PreviewOptions): Promise<ExitCode> {
  const { screen } = context;
  const albums = await Promise.all((await subjectsOf(context, options)).map((subject) => albumOf(subject)));
  const out = resolve(context.folder, options.out);
  for (const album of albums) await writeAlbum(out, album);
  const page = join(out, "index.html");
  await writeFile(page, pageOf(albums));
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
    screen.out.line(["bold", name], `  ${platforms[type].title}, ${count(messages.length, "message")}`);
    for (const warning of warnings) screen.out.line("  ", ["yellow", warning]);
  }
  screen.out.line(`Open ${page} in a browser.`);
  return 0;
}

async function writeAlbum(out: string, { name, messages }: Album): Promise<void> {
  const folder = join(out, name);
  await mkdir(folder, { recursive: true });
  for (const { sample, body } of messages) await writeFile(join(folder, `${sample}.json`), body);
}

async function subjectsOf(
  context: Context,
  { sink, type, lang }: PreviewOptions,
): Promise<readonly PreviewedSink[]> {
  if (sink !== undefined && type !== undefined) throw usageError("--type", "no type beside --sink", type);
  if (sink !== undefined || (context.configFile !== null && type === undefined)) {
    const configured = await configuredSubjects(context, sink);
    if (configured.length === 0) throw usageError("--sink", "a chat sink of the configuration", sink);
    return configured.map((subject) =>
      lang === undefined ? subject : { ...subject, options: { ...subject.options, language: lang } },
    );
  }
  if (type !== undefined && !isPlatformType(type)) {
    throw choiceError("--type", "a type of chat sink", type, platformTypes);
  }
  const types = type === undefined ? platformTypes : [type];
  return Promise.all(types.map((each) => sampleSubject(each, lang ?? "en")));
}

async function configuredSubjects(
  context: Context,
  sink: string | undefined,
): Promise<readonly PreviewedSink[]> {
  const { sinks } = await offlineSinksOf(context, sink);
  return Array.from(sinks).flatMap(([name, { type, module, options }]) =>
    isPlatformType(type) ? [{ name, type, module, options: fieldsOf(options) }] : [],
  );
}
