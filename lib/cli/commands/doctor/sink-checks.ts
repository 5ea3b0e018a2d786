import { AwsError } from "../../../aws/errors.ts";
import type { LoadedSink } from "../../../config/check/sinks.ts";
import { tlsSettings } from "../../../sinks/brokers/options.ts";
import { fieldsOf } from "../../../text/json.ts";
import { checkReach, type ReachOptions } from "../../../wire/reach.ts";
import { sinkAddresses } from "../../../wire/sink-addresses.ts";
import type { Context } from "../../context.ts";
import { type CheckResult, failed, ok, warning } from "./finding.ts";

const mend = "correct the address, the certificate or the proxy";

/** Connects to a sink's addresses, without an event. */
export async function checkSink(context: Context, name: string, sink: LoadedSink): Promise<CheckResult> {
  const trial = `send a sample: dms-task-bridge sink test ${name}`;
  const addresses = addressesOf(sink, context);
  if ("result" in addresses) return addresses;
  if (addresses.length === 0) return ok(`its address is not checked here; ${trial}`);
  const reached = await Promise.all(addresses.map((url) => checkReach(wayTo(url, sink), context)));
  const problems = reached.flatMap(({ problem }) => problem ?? []);
  const answers = reached.flatMap(({ problem, answer }) => (problem === null ? [answer] : []));
  const found = [...problems, ...answers].join("; ");
  if (answers.length === 0) return failed(found, mend);
  return problems.length > 0 ? warning(found, mend) : ok(`${found}; ${trial}`);
}

/** A sink's addresses, or why there is none. */
export function addressesOf(sink: LoadedSink, { environment }: Context): readonly URL[] | CheckResult {
  try {
    return sinkAddresses(sink, environment);
  } catch (error) {
    if (error instanceof AwsError) return failed(error.message, "set the sink's region, or AWS_REGION");
    throw error;
  }
}

/** Certificates and proxy on the way to an address. */
export function wayTo(url: URL, { options }: LoadedSink): ReachOptions {
  const fields = fieldsOf(options);
  const { tls, proxy } = { ...fieldsOf(fields["ses"]), ...fields };
  if (/^https?:$/.test(url.protocol))
    return { ...(fieldsOf({ tls, proxy }) as Omit<ReachOptions, "url">), url };
  const own = tls ?? { ca: fieldsOf(fields["smtp"])["ca"], verifyHost: true };
  return { url, tls: tlsSettings(own as Parameters<typeof tlsSettings>[0]) };
}
