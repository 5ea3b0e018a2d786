import { fieldName } from "../path.ts";
import type { Expanded, Reference, Unresolved } from "./expand.ts";

/** Resolvers by scheme; each takes a whole reference such as `ssm:/prod/key`, and rejects when it is not available. */
export type SecretResolvers = Readonly<Record<string, (reference: string) => Promise<string>>>;

const knownSchemes = ["ssm", "secretsmanager", "csms", "file"] as const;

/** A known scheme is a reference even without a resolver: its text must never be used as the secret. */
export const schemesOf = (secrets: SecretResolvers): readonly string[] => [
  ...new Set([...knownSchemes, ...Object.keys(secrets)]),
];

/** Fetches each distinct reference once, concurrently, and puts the secrets in place. Returns those that failed. */
export async function resolveReferences(
  { references }: Pick<Expanded, "references">,
  secrets: SecretResolvers,
): Promise<readonly Unresolved[]> {
  const uses = [...Map.groupBy(references, ({ text }) => text).values()];
  return (await Promise.all(uses.map((same) => resolveOne(same, secrets)))).flat();
}

async function resolveOne(uses: readonly Reference[], secrets: SecretResolvers): Promise<Unresolved[]> {
  const [first] = uses;
  if (!first) return [];
  const outcome = await fetchSecret(first, secrets);
  if ("expected" in outcome) {
    const { expected, found } = outcome;
    return uses.map((use) => unread(use, expected, `${JSON.stringify(use.written)}, ${found}`));
  }
  for (const use of uses) use.fill(outcome.secret);
  return [];
}

const unread = ({ path, written, text }: Reference, expected: string, found: string): Unresolved => ({
  path,
  written,
  needs: [text],
  issues: [{ field: fieldName(path), expected, found }],
  withPlaceholders: (placeholder) => placeholder(text),
});

/** The references of a configuration that is checked without reading them. */
export const unreadReferences = ({ references }: Pick<Expanded, "references">): readonly Unresolved[] =>
  references.map((reference) => unread(reference, "a secret", "one that was not read"));

type SecretRead = { readonly secret: string } | { readonly expected: string; readonly found: string };

async function fetchSecret({ scheme, text }: Reference, secrets: SecretResolvers): Promise<SecretRead> {
  const expected = "a reference to a secret that can be read";
  const read = Object.hasOwn(secrets, scheme) ? secrets[scheme] : undefined;
  if (!read) return { expected, found: `no resolver for ${scheme}: in this build` };
  try {
    const stored: unknown = await read(text);
    // Files and secret stores leave a trailing line break or blanks.
    const secret = typeof stored === "string" ? stored.trimEnd() : "";
    if (secret !== "") return { secret };
    return { expected, found: "which holds no text" };
  } catch (error) {
    return { expected, found: `which failed with ${nameOf(error)}` };
  }
}

/** Class and code only: the message comes from outside and may quote the response. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const hasCode = "code" in error && typeof error.code === "string" && /^[\w.]{1,80}$/.test(error.code);
  return hasCode ? `${error.name} ${error.code}` : error.name;
}
