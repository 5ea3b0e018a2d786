import { type LoadedSinks, loadReadSinks } from "../config/load.ts";
import { expand } from "../config/resolve/expand.ts";
import { ConfigError } from "../core/errors.ts";
import { fieldsOf } from "../text/json.ts";
import { choiceError } from "./arguments.ts";
import type { Context } from "./context.ts";

/** Sink types that need nothing but a URL, and the hosts that show whose it is. */
const hosts = {
  slack: /^hooks\.slack(-gov)?\.com$/,
  teams: /(^|\.)(webhook\.office\.com|logic\.azure\.com|api\.powerplatform\.com)$/,
  discord: /(^|\.)discord(app)?\.com$/,
  feishu: /(^|\.)(feishu\.cn|larksuite\.com)$/,
  dingtalk: /(^|\.)dingtalk\.com$/,
  wecom: /^qyapi\.weixin\.qq\.com$/,
  googlechat: /^chat\.googleapis\.com$/,
  // On hosts of its users' own.
  mattermost: null,
  webhook: null,
} as const satisfies Readonly<Record<string, RegExp | null>>;

/** Types that `--type` takes. */
export const destinationTypes = Object.keys(hosts);

/** A place for events as the command line names it. */
export interface DestinationOptions {
  /** Its URL, or text with variables. */
  readonly to: string;
  /** Sink type. @default known by the URL's host, else `webhook` */
  readonly type?: string;
  /** Signs the requests, where the place checks that. */
  readonly secret?: string;
}

/** A sink's name and its options as a configuration has them. */
export interface UrlSink {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The sink for a URL. Its name is its type. @throws ConfigError that does not show the URL */
export function destinationOf(
  { environment }: Pick<Context, "environment">,
  options: DestinationOptions,
): UrlSink {
  const { type } = options;
  if (type !== undefined && !Object.hasOwn(hosts, type))
    throw choiceError("--type", "a type that needs nothing but a URL", type, destinationTypes);
  const written = { to: options.to, ...(options.secret !== undefined && { secret: options.secret }) };
  const { value, unresolved, issues } = expand(written, { environment, schemes: [] });
  const unknown = [...issues, ...unresolved.flatMap((text) => text.issues)];
  if (unknown.length > 0) throw asOptions(new ConfigError(unknown));
  const { to, secret } = fieldsOf(value);
  const url = URL.parse(String(to).trim());
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const [expected, found] = ["an http or https URL", `a text of ${String(to).length} characters`];
    throw new ConfigError([{ field: "--to", expected, found }]);
  }
  const name = type ?? typeOf(url);
  // An address on the command line was named on purpose, so private networks are allowed.
  return { name, options: { type: name, url: url.href, secret, allowPrivateNetwork: true } };
}

const typeOf = ({ hostname }: URL): string =>
  Object.entries(hosts).find(([, host]) => host?.test(hostname))?.[0] ?? "webhook";

/** Checks the sink of a destination. @throws ConfigError that names the command line's options */
export async function loadDestination({ name, options }: UrlSink, { folder }: Context): Promise<LoadedSinks> {
  const value = { sinks: { [name]: options } };
  try {
    return await loadReadSinks({ name: "--to", value, source: null, folder }, { environment: {}, folder });
  } catch (error) {
    throw error instanceof ConfigError ? asOptions(error) : error;
  }
}

/** Names options of the command line in place of the fields that they fill. */
const asOptions = ({ issues }: ConfigError): ConfigError =>
  new ConfigError(
    issues.map((issue) => ({ ...issue, field: /\bsecret$/.test(issue.field) ? "--secret" : "--to" })),
  );
