import type { Environment } from "../core/environment.ts";

const usual = "dms-task-bridge";
/** The name where a command follows it. */
const hint = new RegExp(
  `\\b${usual}(?= (?:checkpoint|completion|console|dead-letters|demo|doctor|events|init|poll|preview|replay|schema|send|simulate|sink|status|task|tasks|validate|watch)\\b)`,
  "g",
);

/** How the command was started: by `npm run` in a clone, by npx, or by its name. */
export function startedAs(environment: Environment): string {
  const isClone = environment["npm_package_name"] === usual && environment["npm_command"] === "run-script";
  if (isClone) return "npm run -s bridge --";
  return environment["npm_command"] === "exec" ? `npx ${usual}` : usual;
}

/** A text of ours whose hints name the command as it was started. */
export const withCommand = (text: string, command: string): string => text.replaceAll(hint, command);
