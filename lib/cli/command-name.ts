import type { Environment } from "../core/environment.ts";

const usual = "dms-task-bridge";
/** The name where a command follows it, or the options of a usage line. */
const hint = new RegExp(
  `\\b${usual}(?= \\[| (?:help|checkpoint|completion|console|dead-letters|demo|doctor|events|explain|functiongraph|init|poll|preview|replay|schema|send|simulate|sink|status|task|tasks|validate|watch)\\b)`,
  "g",
);

/** How the command was started: by `npm run` in a clone, by npx, or by its name. */
export function startedAs(environment: Environment): string {
  const { npm_command: command = "", npm_package_name: name } = environment;
  // npm 11 says `run`, older ones `run-script`.
  if (name === usual && command.startsWith("run")) return "npm run -s bridge --";
  return command === "exec" ? `npx ${usual}` : usual;
}

/** A text of ours whose hints name the command as it was started. */
export const withCommand = (text: string, command: string): string => text.replaceAll(hint, command);
