import { describeFound } from "../config/describe-found.ts";
import { ConfigError } from "../core/errors.ts";

/** The signal of a call, or one that never aborts. @throws ConfigError for anything else */
export function callSignal(signal: AbortSignal = new AbortController().signal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const expected = "an AbortSignal, or nothing";
  throw new ConfigError([{ field: "signal", expected, found: describeFound(signal, [], new Map()) }]);
}
