import * as v from "valibot";
import { fieldsOf } from "../../text/json.ts";
import { urlExpectation } from "./options.ts";

/** Platform URLs that look right but accept no messages of this sink. */
export interface OwnUrl {
  /** The platform's hosts; URLs on other hosts are not checked. */
  readonly host: RegExp;
  readonly path: RegExp;
  /** Describes the expected URL. */
  readonly expectation: string;
}

/**
 * The schema of a sink with a `url`, from its options. Refuses plain http except to networks that the options open, and the
 * platform's URLs that are not `own`.
 */
export function urlSchema<Entries extends v.ObjectEntries>(entries: Entries, own?: OwnUrl) {
  const fields = v.strictObject(entries);
  return v.pipe(
    fields,
    v.rawCheck<v.InferOutput<typeof fields>>(({ dataset, addIssue }) => {
      const input = fieldsOf(dataset.value);
      const expectation = dataset.typed ? urlMistake(input, own) : null;
      if (expectation === null) return;
      addIssue({
        message: expectation,
        path: [{ type: "object", origin: "value", input, key: "url", value: input["url"] }],
      });
    }),
  );
}

/** Expected form of a wrong URL; null when the URL is right. */
function urlMistake({ url, allowPrivateNetwork }: ReturnType<typeof fieldsOf>, own?: OwnUrl): string | null {
  const { protocol, hostname = "", pathname = "" } = URL.parse(String(url)) ?? {};
  if (protocol === "http:" && allowPrivateNetwork === false) return urlExpectation;
  return own?.host.test(hostname) && !own.path.test(pathname) ? own.expectation : null;
}
