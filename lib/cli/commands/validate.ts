import { checkConfig } from "../../config/load.ts";
import { ConfigError } from "../../core/errors.ts";
import { fieldsOf } from "../../text/json.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { count } from "../screen/format.ts";
import { readConfigOf } from "../session.ts";

/** Checks a whole configuration file without secrets and network. Exits 2 when it has a mistake. */
export async function validate(context: Context, file: string | undefined): Promise<ExitCode> {
  const { screen } = context;
  try {
    const read = await readConfigOf({ ...context, configFile: file ?? context.configFile });
    const needs = await checkConfig(read, context);
    const { sources, sinks } = fieldsOf(read.value);
    const amounts = [
      count(Array.isArray(sources) ? sources.length : 0, "source"),
      count(Object.keys(fieldsOf(sinks)).length, "sink"),
    ];
    if (context.json) screen.out.json({ valid: true, file: read.name, issues: [], needs });
    else {
      screen.out.line(["green", "valid"], `  ${read.name}: ${amounts.join(", ")}`);
      if (needs.length > 0) screen.out.line(["dim", `Not checked: the values of ${needs.join(", ")}`]);
    }
    return 0;
  } catch (error) {
    if (!context.json || !(error instanceof ConfigError)) throw error;
    screen.out.json({ valid: false, file: file ?? context.configFile, issues: placedIssues(error) });
    return 2;
  }
}

/** The issues, each with `file:line:column` where that is known. */
const placedIssues = ({ issues, places }: ConfigError) =>
  issues.map((issue, index) => ({ place: places[index] ?? null, ...issue }));
