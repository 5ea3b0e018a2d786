import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { pathError, usageError } from "./errors.ts";

/** Paths of what a shell has opened already, as for `<(...)`, and of the empty device. */
const ready = /^\/dev\/(null|stdin|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/;

/**
 * Reads the file that an option names. Another pipe may wait for its writer for ever, and a device may have no end.
 * @throws ConfigError when it cannot be read
 */
export function textOfFile(option: string, file: string, folder: string): string {
  const full = path.resolve(folder, file);
  try {
    const stats = statSync(full);
    if (stats.isFile() || stats.isDirectory() || ready.test(full)) return readFileSync(full, "utf8");
  } catch (error) {
    throw pathError(option, "a file that can be read", file, error);
  }
  throw usageError(option, "a file, and not a named pipe, device or socket", file);
}
