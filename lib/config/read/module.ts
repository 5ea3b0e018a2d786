import { pathToFileURL } from "node:url";
import { ConfigError } from "../../core/errors.ts";
import type { UserModule } from "./user-module.ts";

const expected = "a module that loads";
/** Time limit of a module that waits, milliseconds. */
const limitMs = 30_000;

/**
 * Imports a user's module, TypeScript by Node's own type stripping.
 * @throws ConfigError when it cannot be loaded, with the reason as its cause
 */
export const importModule = (module: UserModule): Promise<object> =>
  runUserCode(module, () => import(pathToFileURL(module.path).href));

/**
 * Awaits a value from the user's code.
 * @throws ConfigError when it rejects, with the reason as its cause, or when it never settles
 */
export async function runUserCode<Result>(
  module: UserModule,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const unsettled = Promise.withResolvers<never>();
  const giveUp = (): void => {
    const issue = { field: module.field, expected, found: "a promise that never settles" };
    unsettled.reject(new ConfigError([issue]));
  };
  // Without anything left to wait for, Node would end the process without a word.
  process.once("beforeExit", giveUp);
  const timer = setTimeout(giveUp, limitMs).unref();
  try {
    return await Promise.race([run(), unsettled.promise]);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { moduleMistake } = await import("./module-mistake.ts");
    throw new ConfigError([moduleMistake(error, module, expected)], { cause: error });
  } finally {
    clearTimeout(timer);
    process.off("beforeExit", giveUp);
  }
}
