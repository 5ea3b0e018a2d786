import type { Command, Option } from "commander";
import { sampleStatuses } from "../../change/sample.ts";
import { readConfig } from "../../config/load.ts";
import { starterTypes } from "../../config/starter.ts";
import { ConfigError, StoreError } from "../../core/errors.ts";
import { engines, parseStreamKey } from "../../core/names.ts";
import { giveUpReasons } from "../../delivery/dead-letters.ts";
import { fieldsOf } from "../../text/json.ts";
import { readStores } from "../../wire/stores.ts";
import { choiceError } from "../arguments.ts";
import type { Context } from "../context.ts";
import { destinationTypes } from "../destination.ts";
import type { ExitCode } from "../errors.ts";
import { type ReadRecord, readRecords } from "../records.ts";

const name = "dms-task-bridge";

/** The shells' scripts; each asks the command itself for the words that may come next. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_dms_task_bridge() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(${name} completion bash --line "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _dms_task_bridge ${name}
`,
  zsh: `#compdef ${name}
_dms_task_bridge() {
  local -a words_next
  words_next=("\${(@f)$(${name} completion zsh --line "\${LBUFFER}" 2>/dev/null)}")
  [[ -n "$words_next" ]] && compadd -a words_next || _files
}
compdef _dms_task_bridge ${name}
`,
  fish: `complete -c ${name} -a '(${name} completion fish --line (commandline -cp) 2>/dev/null)'
`,
};
const shells = Object.keys(scripts);

/** Options of `completion`. */
export interface CompletionOptions {
  /** The command line up to the cursor. @default prints the shell's script */
  readonly line?: string;
}

/** Prints a shell's script, or the words that may come next, one a line. */
export async function completion(
  context: Context,
  root: Command,
  shell: string,
  { line }: CompletionOptions,
): Promise<ExitCode> {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) throw choiceError("SHELL", "a shell", shell, shells);
  if (line === undefined) context.screen.out.raw(script);
  else for (const word of await nextWords(context, root, line)) context.screen.out.line(word);
  return 0;
}

async function nextWords(context: Context, root: Command, line: string): Promise<readonly string[]> {
  const [, ...words] = line.split(/\s+/);
  const current = words.pop() ?? "";
  const { command, option, path, configFile } = placeIn(root, words);
  const lookUp = { ...context, configFile };
  const candidates = option
    ? await valuesOf(lookUp, path, option)
    : current.startsWith("-")
      ? [...command.options, ...root.options].flatMap(({ long, hidden }) => (long && !hidden ? long : []))
      : [...command.commands.map((each) => each.name()), ...(await argumentsOf(lookUp, path))];
  return [...new Set(candidates)].filter((word) => word.startsWith(current)).toSorted();
}

interface PlaceInLine {
  readonly command: Command;
  /** The command's name with those before it, such as `sink test`. */
  readonly path: string;
  /** The option whose value comes next; null for none. */
  readonly option: Option | null;
  readonly configFile: string | null;
}

/** Follows whole words through the tree of commands. */
function placeIn(root: Command, words: readonly string[]): PlaceInLine {
  let command = root;
  let option: Option | null = null;
  let configFile: string | null = null;
  for (const word of words) {
    if (option) {
      if (option.long === "--config") configFile = word;
      option = null;
      continue;
    }
    const found = [...command.options, ...root.options].find(
      ({ long, short }) => word === long || word === short,
    );
    if (found) option = found.required ? found : null;
    else command = command.commands.find((each) => each.name() === word) ?? command;
  }
  const path =
    command === root ? "" : [command.parent === root ? "" : command.parent?.name(), command.name()];
  return { command, path: [path].flat().filter(Boolean).join(" "), option, configFile };
}

async function valuesOf(context: Context, path: string, option: Option): Promise<readonly string[]> {
  if (option.argChoices) return option.argChoices;
  if (option.long === "--sink") return sinkNames(context);
  if (option.long === "--stream") return streamNames(context);
  if (option.long === "--engine") return engines;
  if (option.long === "--to" && path === "init") return starterTypes;
  if (option.long === "--type") return destinationTypes;
  if (option.long === "--status") return sampleStatuses;
  if (option.long === "--reason") return giveUpReasons;
  return [];
}

async function argumentsOf(context: Context, path: string): Promise<readonly string[]> {
  if (path === "sink test") return sinkNames(context);
  if (/^checkpoint (show|reset)$/.test(path)) return streamNames(context);
  return path === "completion" ? shells : [];
}

/** The configuration as it is written, without a request; empty if it cannot be read. */
async function writtenConfig({ configFile, folder }: Context) {
  try {
    const { value, folder: from } = await readConfig(configFile, folder);
    return { config: fieldsOf(value), folder: from };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: {}, folder };
  }
}

const sinkNames = async (context: Context): Promise<readonly string[]> =>
  Object.keys(fieldsOf((await writtenConfig(context)).config["sinks"]));

/** Instance ids of the configuration; keys, ids and instance names of the embedded store. */
async function streamNames(context: Context): Promise<readonly string[]> {
  const { config, folder } = await writtenConfig(context);
  const sources = Array.isArray(config["sources"]) ? config["sources"].map(fieldsOf) : [];
  const named = sources.flatMap(({ instances }) =>
    Array.isArray(instances) ? instances.filter((each) => typeof each === "string") : [],
  );
  const records = await storedStreams(context, fieldsOf(config["checkpoint"]), folder);
  const stored = records.flatMap(({ key, name }) =>
    [key, parseStreamKey(key)?.instanceId ?? [], name ?? []].flat(),
  );
  // A shell would split or expand any other name.
  return [...named, ...stored].filter((word) => /^[\p{L}\p{N}_./@-]+$/u.test(word));
}

/** Records of the embedded store; other stores are behind a network. */
async function storedStreams(
  { clock, random }: Context,
  { type = "file", path = ".bridge" }: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<readonly ReadRecord[]> {
  if (type !== "file" || typeof path !== "string") return [];
  const journal = { enabled: false, keep: 0, maxEvents: 0 };
  const place = { config: { checkpoint: { type, path }, journal }, folder } as const;
  try {
    return await readStores(place, { clock, random }, readRecords);
  } catch (error) {
    if (error instanceof StoreError) return [];
    throw error;
  }
}
