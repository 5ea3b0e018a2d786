import { ConfigError } from "../../core/errors.ts";

/**
 * Imports a user's module, TypeScript by Node's own type stripping. `field` names it in messages.
 * @throws ConfigError when it cannot be loaded, with the reason as its cause
 */
export const importModule = (url: URL, field: string): Promise<object> =>
  runUserCode(field, () => import(url.href));

/** Awaits a value from the user's code. @throws ConfigError when it rejects, with the reason as its cause */
export async function runUserCode<Result>(
  field: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    // The user has to fix whatever a module throws. Its message may quote the source, secrets included.
    const found = `${nameOf(error)} (see it with --debug)`;
    throw new ConfigError(
      [{ field: `${field}${placeOf(error, field)}`, expected: "a module that loads", found }],
      {
        cause: error,
      },
    );
  }
}

/** `:line:column` in the file where an error's stack has it; empty otherwise. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const name = file.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const [, line, column] = new RegExp(`[\\\\/]${name}:(\\d+)(?::(\\d+))?`).exec(stack) ?? [];
  if (line === undefined) return "";
  // A syntax error shows its column by a caret.
  return `:${line}:${column ?? (/^ *\^/m.exec(stack)?.[0].length || 1)}`;
}

const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  return "code" in error && typeof error.code === "string" ? `${error.name} ${error.code}` : error.name;
};
