import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { configJsonSchema } from "../../config/json-schema.ts";
import { type StarterVariable, starterSink, starterTypes } from "../../config/starter.ts";
import { ConfigError } from "../../core/errors.ts";
import { engines } from "../../core/names.ts";
import { type SinkType, sinkTypes } from "../../sinks/index.ts";
import { choiceError } from "../arguments.ts";
import { withCommand } from "../command-name.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { openQuestions, type Question } from "../screen/ask.ts";

/** Options of `init`. */
export interface InitOptions {
  readonly engine?: string;
  readonly region?: string;
  readonly to?: string;
  readonly force?: true;
}

const isRegion = (text: string): boolean => /^[a-z0-9-]{1,64}$/.test(text);
const questions = {
  engine: {
    text: "Which engine do the instances run?",
    initial: "rabbitmq",
    choices: engines,
    isAllowed: (text) => engines.some((engine) => engine === text),
  },
  region: {
    text: "In which region are they?",
    initial: "cn-north-4",
    choices: [],
    isAllowed: isRegion,
  },
  to: {
    text: "Where do the events go?",
    initial: "webhook",
    choices: starterTypes,
    isAllowed: (text) => starterTypes.includes(text),
  },
} as const satisfies Readonly<Record<string, Question>>;
type Choices = Readonly<Record<keyof typeof questions, string>>;

const defaultName = "bridge.config.yaml";
const variablesName = ".env.example";
const schemaName = "bridge.schema.json";

/** Writes a configuration to begin with, and an example of its variables. Asks for what the flags leave out. */
export async function init(context: Context, options: InitOptions): Promise<ExitCode> {
  const { screen } = context;
  const { folder, configName } = placeOf(context);
  requireRoom(folder, configName, options.force ?? false);
  const choices = await choicesOf(context, options);
  if (choices === null) return 1;
  const { options: sink, variables, secret } = await starterSink(choices.to as SinkType);
  const installed = installedSchema(folder);
  const files = new Map([
    [configName, configText(choices, sink, installed ?? `./${schemaName}`) + secretLine(secret)],
    [variablesName, variablesText(variables, secret)],
  ]);
  if (installed === null)
    files.set(schemaName, `${JSON.stringify(await configJsonSchema(sinkTypes), null, 2)}\n`);
  for (const [name, text] of files) write(path.join(folder, name), text);
  const next = "dms-task-bridge validate";
  if (context.json) {
    screen.out.json({ files: [...files.keys()], next: withCommand(next, screen.out.command) });
    return 0;
  }
  for (const name of files.keys()) screen.out.line(["green", "wrote"], `  ${name}`);
  screen.out.line();
  screen.out.line(`Copy ${variablesName} to .env, and fill it in. Next:`);
  for (const command of [
    next,
    `dms-task-bridge sink test ${choices.to} --env-file .env`,
    "dms-task-bridge poll --env-file .env",
  ])
    screen.out.line("  $ ", ["bold", command]);
  return 0;
}

/** Folder of the new files: that of `--config`, or the working folder. */
function placeOf({ folder, configFile }: Context): { readonly folder: string; readonly configName: string } {
  if (configFile === null) return { folder, configName: defaultName };
  if (!/\.ya?ml$/.test(configFile))
    throw usageError("--config", "a name that ends in .yaml or .yml", configFile);
  const file = path.resolve(folder, configFile);
  if (!existsSync(path.dirname(file)))
    throw usageError("--config", "a file in a folder that exists", configFile);
  return { folder: path.dirname(file), configName: path.basename(file) };
}

/** Nothing is written over, and a second configuration would make the choice between them a mistake. */
function requireRoom(folder: string, configName: string, force: boolean): void {
  const own = [configName, variablesName, schemaName];
  const taken = readdirSync(folder).filter(
    (name) => /^bridge\.config\.(m?[jt]s|json|ya?ml)$/.test(name) || own.includes(name),
  );
  const inTheWay = force ? taken.filter((name) => !own.includes(name)) : taken;
  if (inTheWay.length === 0) return;
  const expected = force ? `no other configuration beside ${configName}` : "the flag, to write over it";
  throw new ConfigError([{ field: "--force", expected, found: inTheWay.join(" and ") }]);
}

async function choicesOf(context: Context, options: InitOptions): Promise<Choices | null> {
  const { input, screen } = context;
  for (const [key, { choices, isAllowed }] of Object.entries<Question>(questions)) {
    const given = options[key as keyof Choices];
    if (given === undefined || isAllowed(given)) continue;
    if (choices.length > 0)
      throw choiceError(`--${key}`, `a known ${key === "to" ? "sink type" : key}`, given, choices);
    throw usageError(`--${key}`, "a region such as cn-north-4", given);
  }
  const canAsk = input.isTTY === true && screen.err.isTerminal;
  const asking = canAsk ? openQuestions(context) : null;
  try {
    const chosen: Partial<Record<keyof Choices, string>> = {};
    for (const key of ["engine", "region", "to"] as const) {
      const { choices, initial } = questions[key];
      if (options[key] === undefined && asking === null) {
        const known = choices.length > 0 ? `one of ${choices.join(", ")}` : `a region such as ${initial}`;
        throw usageError(`--${key}`, `${known}, as there is no terminal to ask on`, undefined);
      }
      const answer = options[key] ?? (await asking?.ask(questions[key]));
      if (answer === null || answer === undefined) return null;
      chosen[key] = answer;
    }
    return chosen as Choices;
  } finally {
    asking?.close();
  }
}

function configText(
  { engine, region, to }: Choices,
  sink: Readonly<Record<string, unknown>>,
  schema: string,
): string {
  const config = {
    sources: [{ engine, region, projectId: `\${HUAWEICLOUD_SDK_PROJECT_ID}`, instances: "all" }],
    sinks: { [to]: sink },
  };
  return `# yaml-language-server: $schema=${schema}\n${stringify(config, { lineWidth: 0 })}`;
}

/** The sink's option for a secret, for its user to bring in. */
const secretLine = (secret: StarterVariable | null): string =>
  secret ? `    # secret: \${${secret.name}}\n` : "";

const keyVariables: readonly StarterVariable[] = [
  { name: "HUAWEICLOUD_SDK_AK", about: "Access key that may list instances and their background tasks." },
  { name: "HUAWEICLOUD_SDK_SK", about: null },
  { name: "HUAWEICLOUD_SDK_PROJECT_ID", about: "Project of the instances." },
];

const variablesText = (variables: readonly StarterVariable[], secret: StarterVariable | null): string =>
  [
    `# Variables of the configuration. Copy this to .env, fill it in, and keep that file secret.`,
    ...[...keyVariables, ...variables].flatMap(({ name, about }) => [
      ...(about === null ? [] : [`# ${about}`]),
      `${name}=`,
    ]),
    ...(secret
      ? [
          `# ${secret.about ?? "Secret"} Its line in the configuration is a comment, too.`,
          `# ${secret.name}=`,
        ]
      : []),
    "",
  ].join("\n");

/** Path of the installed package's schema, from the folder on; null where it is not installed. */
function installedSchema(folder: string): string | null {
  const file = "node_modules/dms-task-bridge/dist/schema/config.json";
  for (let at = folder, up = "./"; ; up = up === "./" ? "../" : `${up}../`) {
    if (existsSync(path.join(at, file))) return `${up}${file}`;
    const above = path.dirname(at);
    if (above === at) return null;
    at = above;
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const expected = `a folder that can be written to (${error.code})`;
    throw new ConfigError([{ field: path.basename(file), expected, found: "one that cannot" }]);
  }
}
