import type { Environment } from "../core/environment.ts";

const usual = "dms-task-bridge";
/** The name where a command follows it, or the options of a usage line; not in a hint that names it already. */
const hint = new RegExp(
  `(?<!npx )\\b${usual}(?= \\[| (?:help|checkpoint|completion|console|dead-letters|demo|doctor|events|explain|functiongraph|init|poll|preview|replay|schema|send|simulate|sink|status|task|tasks|validate|watch)\\b)`,
  "g",
);

/** Options with which a command finds its configuration. */
export interface ConfigFlags {
  readonly config?: string;
  readonly envFile?: readonly string[];
}

/**
 * How the command was started, by `npm run` in a clone, by npx, or by its name, and the options with which it finds its
 * configuration: every command takes them before its name.
 */
export function startedAs(environment: Environment, { config, envFile = [] }: ConfigFlags = {}): string {
  const given = [
    ...(config === undefined ? [] : ["--config", config]),
    ...envFile.flatMap((file) => ["--env-file", file]),
  ];
  return [nameIn(environment), ...given.map(asWord)].join(" ");
}

function nameIn({ npm_command: command = "", npm_package_name: name }: Environment): string {
  // npm 11 says `run`, older ones `run-script`.
  if (name === usual && command.startsWith("run")) return "npm run -s bridge --";
  return command === "exec" ? `npx ${usual}` : usual;
}

/** One word of a POSIX shell. */
const asWord = (text: string): string =>
  /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A text of ours whose hints name the command as it was started. */
export const withCommand = (text: string, command: string): string => text.replaceAll(hint, () => command);
