import { ConfigError } from "../../core/errors.ts";

/**
 * Runs a module of the user's, TypeScript by Node's own type stripping. `field` is what names it, for messages.
 * @throws ConfigError when it cannot be loaded, with the reason as its cause
 */
export const importModule = (url: URL, field: string): Promise<object> =>
  runUserCode(field, () => import(url.href));

/** Awaits what the user's own code gives. @throws ConfigError when it throws, with the reason as its cause */
export async function runUserCode<Result>(
  field: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    // Whatever a user's module throws is the user's to mend. Its message may quote the source, secrets included.
    const found = `${nameOf(error)} (see it with --debug)`;
    throw new ConfigError([{ field, expected: "a module that loads", found }], { cause: error });
  }
}

const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  return "code" in error && typeof error.code === "string" ? `${error.name} ${error.code}` : error.name;
};
